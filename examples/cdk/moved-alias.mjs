import { RemovalPolicy, aws_lambda as lambda } from "aws-cdk-lib";
import { Construct } from "constructs";

/**
 * Two aliases of a function. Every deployment of the stack publishes a version, if anything of the function has changed, and points
 * the alias "candidate" at it. The alias "live", which callers call, is made once, and moved by meta-deployer alone.
 */
export class MovedAlias extends Construct {
  /** What callers, triggers and permissions point at: the alias "live", as a function. */
  live;

  /**
   * @param {Construct} scope
   * @param {string} id
   * @param {{function: lambda.Function}} props the function, without a functionName of its own: with one, its first version need not be 1
   */
  constructor(scope, id, props) {
    super(scope, id);
    const version = props.function.currentVersion;
    // CDK would delete the version before this one, which still has the traffic.
    version.applyRemovalPolicy(RemovalPolicy.RETAIN);
    const candidate = new lambda.Alias(this, "Candidate", { aliasName: "candidate", version });

    // CloudFormation updates a resource when its text changes. The version of a lambda.Alias changes with the code, and an update
    // would take the traffic of a rollout that is on, or undo one that is over. This text never changes. Leave it as it is.
    const live = new lambda.CfnAlias(this, "Live", { functionName: props.function.functionName, name: "live", functionVersion: "1" });
    live.node.addDependency(candidate); // where candidate is, version 1 is

    this.live = lambda.Function.fromFunctionAttributes(this, "Callers", { functionArn: live.ref, sameEnvironment: true });
  }
}
