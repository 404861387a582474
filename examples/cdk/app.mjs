import { App, CfnOutput, Stack, aws_events as events, aws_events_targets as targets, aws_lambda as lambda, Duration } from "aws-cdk-lib";
import { MovedAlias } from "./moved-alias.mjs";

const app = new App({ analyticsReporting: false });
const stack = new Stack(app, "my-app");

const hello = new lambda.Function(stack, "Hello", {
  runtime: lambda.Runtime.NODEJS_22_X,
  handler: "index.handler",
  code: lambda.Code.fromAsset("handler"),
});
const { live } = new MovedAlias(stack, "HelloAlias", { function: hello });

// A trigger calls live, not the function: permission and target name the alias.
new events.Rule(stack, "EveryMinute", {
  schedule: events.Schedule.rate(Duration.minutes(1)),
  targets: [new targets.LambdaFunction(live)],
});

new CfnOutput(stack, "HelloFunctionName", { value: hello.functionName, description: "The function-name of a request to meta-deployer" });

app.synth();
