"""What no linter knows about the two templates. `make template` runs it, after make build and sam build."""

import json
import os
import re
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

from expand import expand, load

ROOT = Path(__file__).parent.parent
TEMPLATE = load(ROOT / "template.yaml")
EXPANDED = expand(ROOT / "template.yaml")["Resources"]
EXAMPLE = load(ROOT / "examples/app/template.yaml")
EXAMPLE_EXPANDED = expand(ROOT / "examples/app/template.yaml")["Resources"]

FUNCTIONS = {path.parent.name for path in ROOT.glob("functions/*/main.go")}

CODEDEPLOY_TYPES = {
    "AllAtOnce",
    *(f"Canary10Percent{minutes}Minutes" for minutes in (5, 10, 15, 30)),
    *(f"Linear10PercentEvery{interval}" for interval in ("1Minute", "2Minutes", "3Minutes", "10Minutes")),
}

# The functions that run rollouts.
DRIVERS = {"deployer", "pipeline", "worker", "durable"}

# Under which conditions a function's role allows more. A job that failed is told to CodePipeline, and a worker's to its state machine.
MAY = {
    "deployer": ("HasAssumableRole", "AllowsProbes", "HasWorkflow", "HasDurable", "HasFailureDestination"),
    "pipeline": ("HasAssumableRole", "AllowsProbes"),
    "worker": ("HasAssumableRole", "AllowsProbes"),
    "durable": ("HasAssumableRole", "AllowsProbes"),
}

# The statements on durable executions, which are below versions of their function.
OF_EXECUTIONS = {"KeepItsPlace", "WakeExecutions"}

OWN_LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}


def of_type(resources, kind):
    return {name: resource["Properties"] for name, resource in resources.items() if resource["Type"] == kind}


def logical_id(function):
    """deployer is DeployerFunction, as in the Makefile."""
    return f"{function.capitalize()}Function"


def properties(function):
    return EXPANDED[logical_id(function)]["Properties"]


def log_id(function):
    return function.capitalize() + "Logs"


def log_group(function):
    return EXPANDED[log_id(function)]


def holds(condition, **parameters):
    """Whether a condition holds with these parameters, and the defaults of the others."""
    if "Fn::Equals" in condition:
        reference, value = condition["Fn::Equals"]
        name = reference["Ref"]
        return parameters.get(name, TEMPLATE["Parameters"][name].get("Default", "")) == value
    if "Fn::Not" in condition:
        return not holds(condition["Fn::Not"][0], **parameters)
    if "Fn::And" in condition:
        return all(holds(part, **parameters) for part in condition["Fn::And"])
    return holds(TEMPLATE["Conditions"][condition["Condition"]], **parameters)


def made(parts, **parameters):
    """Those of the resources or outputs that CloudFormation makes with these parameters."""
    return {name for name, part in parts.items() if "Condition" not in part or holds({"Condition": part["Condition"]}, **parameters)}


def default(template, parameter):
    return template["Parameters"][parameter]["Default"]


def fits(parameter, value):
    return re.fullmatch(TEMPLATE["Parameters"][parameter]["AllowedPattern"], value) is not None


def built(function):
    return (ROOT / ".aws-sam/build" / logical_id(function) / "bootstrap").read_bytes()


def statements(function):
    """The statements of a function's role, each with the condition it is under, or None."""
    role = EXPANDED[properties(function)["Role"]["Fn::GetAtt"][0]]["Properties"]
    assert "ManagedPolicyArns" not in role, "statements that stand elsewhere cannot be checked here"
    for policy in role["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            if "Fn::If" in statement:
                condition, statement, _ = statement["Fn::If"]
                yield statement, condition
            else:
                yield statement, None


def as_list(value):
    return value if isinstance(value, list) else [value]


def allowed(function, under=None):
    return {
        action
        for statement, condition in statements(function)
        if condition == under
        for action in as_list(statement["Action"])
    }


def linked_actions(function):
    """What the binary that sam build made can ask of AWS, as IAM spells it.

    Go's linker drops a client's methods that nothing can call, and keeps the names of the others even in a stripped
    binary. It drops none where something calls methods by their names, as text/template does.
    """
    names = re.findall(rb"aws-sdk-go-v2/service/(\w+)\.\(\*Client\)\.([A-Z]\w*)\x00", built(function))
    actions = {f"{service.decode()}:{operation.decode()}" for service, operation in names if operation != b"Options"}
    return {"lambda:InvokeFunction" if action == "lambda:Invoke" else action.replace("sfn:", "states:") for action in actions}


class Functions(unittest.TestCase):
    def test_every_folder_has_a_resource_and_every_resource_a_folder(self):
        resources = of_type(TEMPLATE["Resources"], "AWS::Serverless::Function")
        self.assertEqual({logical_id(name) for name in FUNCTIONS}, set(resources))

    def test_settings_of_each(self):
        for name in FUNCTIONS:
            with self.subTest(name):
                self.assertEqual("provided.al2023", properties(name)["Runtime"])
                self.assertEqual("bootstrap", properties(name)["Handler"])
                self.assertEqual([{"Ref": "Architecture"}], properties(name)["Architectures"])
                self.assertEqual(900 if name in DRIVERS else 300, properties(name)["Timeout"])

    def test_every_parameter_is_used_but_one_that_says_so(self):
        text = json.dumps([EXPANDED, TEMPLATE["Conditions"]])
        unused = {name for name in TEMPLATE["Parameters"] if not re.search(rf'"{name}"|\$\{{{name}\}}', text)}
        self.assertEqual({"AlarmNamePattern"}, unused)
        self.assertIn("Without effect", TEMPLATE["Parameters"]["AlarmNamePattern"]["Description"])

    def test_every_parameter_is_asked_for_in_a_group(self):
        groups = TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
        self.assertEqual(sorted(TEMPLATE["Parameters"]), sorted(name for group in groups for name in group["Parameters"]))

    def test_none_is_invoked_again_after_it_failed_but_a_pipelines_call_that_was_not_answered(self):
        attempts = {
            config["FunctionName"]["Ref"]: config["MaximumRetryAttempts"]
            for config in of_type(EXPANDED, "AWS::Lambda::EventInvokeConfig").values()
        }
        self.assertEqual({logical_id(name): 2 if name == "pipeline" else 0 for name in FUNCTIONS}, attempts)

    def test_codedeploy_may_invoke_the_hooks(self):
        for name in ("pretraffic", "posttraffic"):
            self.assertEqual(f"CodeDeployHook_${{NamePrefix}}-{name}", properties(name)["FunctionName"]["Fn::Sub"])
            longest = TEMPLATE["Parameters"]["NamePrefix"]["MaxLength"]
            self.assertLessEqual(len(f"CodeDeployHook_-{name}") + longest, 64)

    def test_logs_are_json_in_a_group_of_its_own_that_ends(self):
        for name in FUNCTIONS:
            with self.subTest(name):
                group = log_group(name)
                logging = properties(name)["LoggingConfig"]
                self.assertEqual("JSON", logging["LogFormat"])
                name_of_it = group["Properties"]["LogGroupName"]
                self.assertEqual({"Fn::If": ["MakesLogGroups", {"Ref": log_id(name)}, name_of_it]}, logging["LogGroup"])
                self.assertEqual({"Ref": "LogRetentionDays"}, group["Properties"]["RetentionInDays"])

    def test_environment_is_what_the_main_reads(self):
        for name in FUNCTIONS:
            with self.subTest(name):
                source = "".join(path.read_text() for path in ROOT.glob(f"functions/{name}/*.go"))
                read = set(re.findall(r'os\.(?:Getenv|LookupEnv)\("(\w+)"\)', source))
                given = set(properties(name).get("Environment", {}).get("Variables", {}))
                self.assertEqual(given, {variable for variable in read if not variable.startswith("AWS_")})

    def test_every_parameter_is_described(self):
        for name, parameter in TEMPLATE["Parameters"].items():
            self.assertTrue(parameter.get("Description"), name)


class Binaries(unittest.TestCase):
    def test_sam_build_and_make_build_give_the_same(self):
        for name in FUNCTIONS:
            self.assertTrue(built(name) == (ROOT / "dist" / name / "bootstrap").read_bytes(), f"{name}: the bytes differ")

    def test_they_are_for_the_architecture_of_the_template(self):
        machines = {"arm64": 0xB7, "x86_64": 0x3E}
        for name in FUNCTIONS:
            (machine,) = struct.unpack_from("<H", built(name), 18)  # e_machine of the ELF header
            self.assertEqual(machines[default(TEMPLATE, "Architecture")], machine, name)


class Architecture(unittest.TestCase):
    """What is built is for the processors that sam deploy asks for."""

    def make(self, *arguments, samconfig=""):
        """What make would do, and whether it would do it."""
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(samconfig)
            file.flush()
            command = ["make", "-n", f"SAMCONFIG={file.name}", "ARTIFACTS_DIR=x", *arguments]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={"PATH": os.environ["PATH"]})
            return done.returncode == 0, done.stdout + done.stderr

    def test_the_build_follows_samconfig(self):
        for samconfig, goarch in {
            "": "arm64",
            'parameter_overrides = "NamePrefix=a"': "arm64",
            'parameter_overrides = "Architecture=x86_64 NamePrefix=a"': "amd64",
            'parameter_overrides = "NamePrefix=\\"a\\" Architecture=\\"x86_64\\""': "amd64",  # as --guided writes it
            'parameter_overrides = ["Architecture=x86_64"]': "amd64",
            '# Architecture=x86_64\nparameter_overrides = "Architecture=arm64"': "arm64",
        }.items():
            for target in ("build-DeployerFunction", "dist/deployer/bootstrap"):
                ok, text = self.make(target, samconfig=samconfig)
                self.assertTrue(ok, text)
                self.assertIn(f"GOARCH={goarch} ", text, samconfig)

    def test_the_shipped_samconfig_is_for_the_default(self):
        ok, text = self.make("build-DeployerFunction", f"SAMCONFIG={ROOT / 'samconfig.toml'}")
        self.assertTrue(ok, text)
        self.assertIn(f"GOARCH={default(TEMPLATE, 'Architecture')} ", text)

    def test_a_word_beside_samconfig_has_to_be_the_same(self):
        ok, text = self.make("build-DeployerFunction", "ARCHITECTURE=x86_64")
        self.assertTrue(ok, text)
        self.assertIn("GOARCH=amd64 ", text)
        ok, text = self.make("build-DeployerFunction", "ARCHITECTURE=x86_64", samconfig='"Architecture=x86_64"\n"Architecture=arm64"')
        self.assertTrue(ok, text)
        for arguments, samconfig, says in (
            (["ARCHITECTURE=x86_64"], '"Architecture=arm64"', "has Architecture=arm64, and this builds for x86_64"),
            (["ARCHITECTURE=arm64"], '"Architecture=x86_64"', "has Architecture=x86_64, and this builds for arm64"),
            ([], '"Architecture=x86_64"\n"Architecture=arm64"', "not arm64 x86_64: say which one to make"),  # of two environments
            (["ARCHITECTURE=arm65"], "", "ARCHITECTURE is arm64 or x86_64, not arm65"),
            ([], '"Architecture=arm65"', "ARCHITECTURE is arm64 or x86_64, not arm65"),
        ):
            ok, text = self.make("build-DeployerFunction", *arguments, samconfig=samconfig)
            self.assertFalse(ok, text)
            self.assertIn(says, text)

    def test_make_deploy_gives_both_the_same(self):
        for arguments, samconfig, build, deploy in (
            ([], "", "ARCHITECTURE=arm64 sam build", "sam deploy  "),
            (["ARCHITECTURE=x86_64"], "", "ARCHITECTURE=x86_64 sam build", "sam deploy  --parameter-overrides Architecture=x86_64"),
            ([], '"Architecture=x86_64"', "ARCHITECTURE=x86_64 sam build", "sam deploy  "),
            (["ARGS=--guided", "PARAMETERS=A=1 B=2"], '"Architecture=x86_64"', "ARCHITECTURE=x86_64 sam build",
             "sam deploy --guided --parameter-overrides A=1 B=2 Architecture=x86_64"),
        ):
            ok, text = self.make("deploy", *arguments, samconfig=samconfig)
            self.assertTrue(ok, text)
            self.assertEqual(f"{build}\n{deploy.rstrip(' ')}", "\n".join(line.rstrip() for line in text.strip().splitlines()))


class Permissions(unittest.TestCase):
    def test_each_role_allows_what_its_binary_can_call_and_nothing_more(self):
        for name in FUNCTIONS:
            with self.subTest(name):
                may = set().union(*(allowed(name, under) for under in (None, "HasAssumableRole", "HasWorkflow", "HasDurable")))
                self.assertEqual(linked_actions(name) | OWN_LOGS, may)

    def test_a_pipeline_may_do_what_the_deployer_may_and_answer_its_jobs(self):
        def rules(name):
            # A job that failed is told to CodePipeline, and has a day: it hands nothing over.
            own = ("WriteOwnLogs", "SendFailures", "HandOver", "FollowExecutions", "FindExecutions", "WakeExecutions")
            return {json.dumps([s["Action"], s["Resource"], condition]) for s, condition in statements(name) if s["Sid"] not in own}

        jobs = ["codepipeline:PutJobSuccessResult", "codepipeline:PutJobFailureResult"]
        self.assertEqual({json.dumps([jobs, "*", None])}, rules("pipeline") ^ rules("deployer"))

    def test_what_only_drivers_may_and_only_if_a_parameter_says_so(self):
        conditional = {
            "HasAssumableRole": {"sts:AssumeRole"},
            "AllowsProbes": {"lambda:InvokeFunction"},
            "HasWorkflow": {"states:StartExecution", "states:ListExecutions", "states:DescribeExecution"},
            "HasDurable": {
                "lambda:ListDurableExecutionsByFunction", "lambda:GetDurableExecutionHistory", "lambda:SendDurableExecutionCallbackSuccess",
            },
            "HasFailureDestination": {"sqs:SendMessage", "sns:Publish"},
        }
        for name in FUNCTIONS:
            expected = {c: conditional[c] for c in MAY.get(name, ())}
            self.assertEqual(set(expected) | {None}, {condition for _, condition in statements(name)}, name)
            for condition, actions in expected.items():
                self.assertEqual(actions, allowed(name, under=condition), name)

    def test_without_probes_drivers_invoke_hooks_only(self):
        for name in DRIVERS:
            resources = [s["Resource"] for s, condition in statements(name) if "lambda:InvokeFunction" in as_list(s["Action"]) and condition is None]
            self.assertEqual(1, len(resources), name)
            for resource in resources[0]:
                self.assertIn(":function:${HookNamePattern}", resource["Fn::Sub"])

    def test_every_resource_is_named_but_for_metrics_alarms_and_jobs(self):
        for name in FUNCTIONS:
            for statement, _ in statements(name):
                if statement["Sid"] in ("ReadMetrics", "ReadAlarms", "AnswerCodePipeline"):
                    self.assertEqual("*", statement["Resource"])
                else:
                    self.assertNotIn("*", as_list(statement["Resource"]), statement)

    def test_a_function_is_named_with_and_without_its_versions_but_probed_by_version_only(self):
        for name in FUNCTIONS:
            for statement, _ in statements(name):
                if statement["Sid"] in OF_EXECUTIONS:
                    self.assertRegex(statement["Resource"]["Fn::Sub"], r":function:\$\{NamePrefix\}-durable:\*$")
                elif statement.get("Sid") == "ProbeVersions":
                    self.assertRegex(statement["Resource"]["Fn::Sub"], r":function:\$\{FunctionNamePattern\}:\*$")
                elif str(statement["Action"]).count("lambda:"):
                    bare, qualified = (resource["Fn::Sub"] for resource in statement["Resource"])
                    self.assertEqual(f"{bare}:*", qualified)

    def test_logs_go_to_the_own_group_only(self):
        for name in FUNCTIONS:
            resources = [s["Resource"]["Fn::Sub"] for s, _ in statements(name) if set(as_list(s["Action"])) & OWN_LOGS]
            group = log_group(name)["Properties"]["LogGroupName"]["Fn::Sub"]
            self.assertEqual(["arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:" + group + ":*"], resources)


class StateMachines(unittest.TestCase):
    MACHINES = {path.name.removesuffix(".asl.json"): path.read_text() for path in ROOT.glob("statemachine/*.asl.json")}

    def machine(self, name):
        return TEMPLATE["Resources"][name.capitalize() + "StateMachine"]["Properties"]

    def role(self, name):
        return EXPANDED[name.capitalize() + "Role"]["Properties"]

    def actions(self, name):
        for policy in self.role(name)["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                statement = statement["Fn::If"][1] if "Fn::If" in statement else statement
                for action in as_list(statement["Action"]):
                    yield action, as_list(statement["Resource"])

    def test_every_file_is_a_machine_and_every_machine_a_file(self):
        machines = of_type(TEMPLATE["Resources"], "AWS::Serverless::StateMachine")
        self.assertEqual({f"statemachine/{name}.asl.json" for name in self.MACHINES}, {m["DefinitionUri"] for m in machines.values()})

    def test_every_substitution_is_used_and_every_used_one_given(self):
        for name, text in self.MACHINES.items():
            self.assertEqual(set(re.findall(r"\$\{(\w+)\}", text)), set(self.machine(name)["DefinitionSubstitutions"]), name)

    def test_names_are_those_of_the_contract(self):
        for name in self.MACHINES:
            self.assertEqual({"Fn::Sub": "${NamePrefix}-" + name}, self.machine(name)["Name"])

    def test_the_rollout_calls_the_worker_and_nothing_else(self):
        self.assertEqual({"WorkerFunctionArn": {"Fn::GetAtt": ["WorkerFunction", "Arn"]}}, self.machine("rollout")["DefinitionSubstitutions"])
        self.assertEqual([("lambda:InvokeFunction", [{"Fn::GetAtt": ["WorkerFunction", "Arn"]}])], list(self.actions("rollout")))

    def test_the_fleet_starts_rollouts_and_follows_them(self):
        allowed = {}
        for action, resources in self.actions("fleet"):
            allowed.setdefault(action, []).extend(resources)
        self.assertEqual({
            "states:StartExecution", "states:DescribeExecution", "states:StopExecution",
            "events:PutTargets", "events:PutRule", "events:DescribeRule", "s3:GetObject",
        }, set(allowed))
        self.assertIn({"Ref": "RolloutStateMachine"}, allowed["states:StartExecution"])
        self.assertNotIn("*", [resource for resources in allowed.values() for resource in resources])

    def test_only_step_functions_of_this_account_takes_the_roles(self):
        for name in self.MACHINES:
            (statement,) = self.role(name)["AssumeRolePolicyDocument"]["Statement"]
            self.assertEqual({"Service": "states.amazonaws.com"}, statement["Principal"])
            self.assertEqual({"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}, statement["Condition"])

    def test_the_worker_has_the_time_that_its_task_has(self):
        turn = json.loads(self.MACHINES["rollout"])["States"]["Turn"]
        self.assertLess(properties("worker")["Timeout"], turn["TimeoutSeconds"])

    def test_it_waits_for_a_year_if_need_be_and_costs_three_transitions_a_look(self):
        rollout = json.loads(self.MACHINES["rollout"])
        self.assertNotIn("TimeoutSeconds", rollout)
        states = rollout["States"]
        self.assertEqual(["Outcome", "Wait", "Turn"], [states["Turn"]["Next"], states["Outcome"]["Choices"][0]["Next"], states["Wait"]["Next"]])


class Durable(unittest.TestCase):
    """The durable function, and the stack without it."""

    ITS_OWN = {
        "DurableFunction", "DurableFunctionAliaslive", "DurableFunctionEventInvokeConfig", "DurableFunctionVersion", "DurableLogs", "DurableRole",
    }

    def resources(self, **parameters):
        """Without the hash that is a part of a version's name."""
        return {re.sub(r"(Version)[0-9a-f]{10}$", r"\1", name) for name in made(EXPANDED, **parameters)}

    def test_it_is_there_if_it_is_asked_for_and_nothing_of_it_otherwise(self):
        without, with_it = self.resources(), self.resources(Durable="true")
        self.assertEqual(self.ITS_OWN, with_it - without)
        self.assertEqual(set(), without - with_it)
        self.assertEqual({"DurableFunctionArn"}, made(TEMPLATE["Outputs"], Durable="true") - made(TEMPLATE["Outputs"]))
        self.assertNotIn("DurableLogs", self.resources(Durable="true", LogGroups="existing"))

    def test_nothing_else_refers_to_what_may_not_be_there(self):
        for name, resource in EXPANDED.items():
            if not name.startswith("Durable"):
                self.assertFalse(re.search(r'"(Ref|Fn::GetAtt)": \[?"Durable[A-Z]', json.dumps(resource)), name)

    def test_the_deployer_wakes_executions_of_the_function_that_is_there(self):
        variable = properties("deployer")["Environment"]["Variables"]["DURABLE_FUNCTION"]
        self.assertEqual({"Fn::If": ["HasDurable", properties("durable")["FunctionName"], ""]}, variable)

    def test_an_execution_has_the_year_that_the_driver_counts_on(self):
        config = properties("durable")["DurableConfig"]
        source = (ROOT / "internal/rollout/handover.go").read_text()
        days = int(re.search(r"LongestWorkflow = (\d+)\*24\*time\.Hour - time\.Hour", source).group(1))
        self.assertEqual(days * 24 * 3600, config["ExecutionTimeout"])
        self.assertGreater(config["ExecutionTimeout"], 900, "so that Lambda refuses to be waited for")
        self.assertLessEqual(config["RetentionPeriodInDays"], 90)

    def test_executions_are_of_a_version_that_stays(self):
        (version,) = (resource for name, resource in EXPANDED.items() if re.match("DurableFunctionVersion", name))
        self.assertEqual("Retain", version["DeletionPolicy"])
        self.assertEqual("live", EXPANDED["DurableFunctionAliaslive"]["Properties"]["Name"])
        self.assertEqual("live", EXPANDED["DurableFunctionEventInvokeConfig"]["Properties"]["Qualifier"])

    def test_it_may_do_what_the_worker_may_and_keep_its_place(self):
        def rules(name):
            return {json.dumps([s["Action"], s["Resource"], condition]) for s, condition in statements(name) if s["Sid"] != "WriteOwnLogs"}

        place = ["lambda:CheckpointDurableExecution", "lambda:GetDurableExecutionState"]
        own = {"Fn::Sub": "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${NamePrefix}-durable:*"}
        self.assertEqual({json.dumps([place, own, None])}, rules("durable") ^ rules("worker"))


class Parameters(unittest.TestCase):
    """What is off or neutral by default, and what it does."""

    def assertOff(self, condition, parameter, off, negated=True):
        """The condition of a parameter does not hold by default."""
        self.assertEqual(off, default(TEMPLATE, parameter))
        equals = {"Fn::Equals": [{"Ref": parameter}, off]}
        self.assertEqual({"Fn::Not": [equals]} if negated else equals, TEMPLATE["Conditions"][condition])

    def test_reserved_concurrency(self):
        self.assertOff("ReservesConcurrency", "ReservedConcurrency", "")
        reserved = {"Fn::If": ["ReservesConcurrency", {"Ref": "ReservedConcurrency"}, {"Ref": "AWS::NoValue"}]}
        self.assertEqual(reserved, properties("deployer")["ReservedConcurrentExecutions"])
        for name in FUNCTIONS - {"deployer"}:
            self.assertNotIn("ReservedConcurrentExecutions", properties(name))
        for value, ok in {"": True, "1": True, "1000": True, "0": False, "-1": False, "x": False}.items():
            self.assertEqual(ok, fits("ReservedConcurrency", value), value)

    def test_probes_are_allowed_unless_told_otherwise(self):
        self.assertEqual("true", default(TEMPLATE, "AllowProbes"))
        self.assertEqual({"Fn::Equals": [{"Ref": "AllowProbes"}, "true"]}, TEMPLATE["Conditions"]["AllowsProbes"])

    def test_what_does_not_fit_goes_to_the_state_machine_unless_told_otherwise(self):
        self.assertEqual(("workflow", "true"), (default(TEMPLATE, "LongEngine"), default(TEMPLATE, "HandOff")))
        self.assertEqual({"Fn::Equals": [{"Ref": "LongEngine"}, "workflow"]}, TEMPLATE["Conditions"]["HasWorkflow"])
        variables = properties("deployer")["Environment"]["Variables"]
        self.assertEqual({"Fn::If": ["HasWorkflow", {"Ref": "RolloutStateMachine"}, ""]}, variables["LONG_ENGINE_ARN"])
        self.assertEqual({"Ref": "HandOff"}, variables["HAND_OFF"])

    def test_the_deployer_starts_and_follows_executions_of_that_machine_alone(self):
        resources = {action: s["Resource"] for s, condition in statements("deployer") if condition == "HasWorkflow" for action in as_list(s["Action"])}
        machine = {"Ref": "RolloutStateMachine"}
        self.assertEqual(machine, resources["states:StartExecution"])
        self.assertEqual(machine, resources["states:ListExecutions"])
        name = TEMPLATE["Resources"]["RolloutStateMachine"]["Properties"]["Name"]["Fn::Sub"]
        execution = f"arn:${{AWS::Partition}}:states:${{AWS::Region}}:${{AWS::AccountId}}:execution:{name}:*"
        self.assertEqual({"Fn::Sub": execution}, resources["states:DescribeExecution"])

    def test_force_and_emergency(self):
        for parameter, variable in {"ForceFunctions": "FORCE_FUNCTIONS", "EmergencyFunctions": "EMERGENCY_FUNCTIONS"}.items():
            self.assertEqual("*", default(TEMPLATE, parameter))
            for name in DRIVERS:
                self.assertEqual({"Ref": parameter}, properties(name)["Environment"]["Variables"][variable])
            for value, ok in {"": True, "*": True, "a-*,b": True, "a, b": False, "a,": False, "a;b": False}.items():
                self.assertEqual(ok, fits(parameter, value), value)

    def test_logs_are_deleted_with_the_stack_unless_told_otherwise(self):
        self.assertEqual("delete", default(TEMPLATE, "LogGroups"))
        self.assertEqual({"Fn::Equals": [{"Ref": "LogGroups"}, "retain"]}, TEMPLATE["Conditions"]["RetainsLogGroups"])
        self.assertEqual({"Fn::Not": [{"Fn::Equals": [{"Ref": "LogGroups"}, "existing"]}]}, TEMPLATE["Conditions"]["MakesLogGroups"])
        for name in FUNCTIONS:
            group = log_group(name)
            self.assertEqual("MakesDurableLogs" if name == "durable" else "MakesLogGroups", group["Condition"])
            for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
                self.assertEqual({"Fn::If": ["RetainsLogGroups", "Retain", "Delete"]}, group[policy])
        # The transform that resolves a policy has to come before SAM's, which wants a text.
        self.assertEqual(["AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"], TEMPLATE["Transform"])

    def test_logs_are_encrypted_by_a_key_if_one_is_named(self):
        self.assertOff("HasLogKmsKey", "LogKmsKeyArn", "")
        for name in FUNCTIONS:
            key = {"Fn::If": ["HasLogKmsKey", {"Ref": "LogKmsKeyArn"}, {"Ref": "AWS::NoValue"}]}
            self.assertEqual(key, log_group(name)["Properties"]["KmsKeyId"])
        self.assertTrue(fits("LogKmsKeyArn", "arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/1234abcd"))
        self.assertFalse(fits("LogKmsKeyArn", "arn:aws:kms:eu-west-1:123456789012:alias/logs"))

    def test_an_alarm_on_errors_if_a_topic_is_named(self):
        self.assertOff("HasErrorAlarm", "ErrorAlarmTopicArn", "")
        self.assertEqual("HasErrorAlarm", EXPANDED["ErrorAlarm"]["Condition"])
        alarm = EXPANDED["ErrorAlarm"]["Properties"]
        self.assertEqual([{"Ref": "ErrorAlarmTopicArn"}], alarm["AlarmActions"])
        self.assertEqual([{"Name": "FunctionName", "Value": {"Ref": "DeployerFunction"}}], alarm["Dimensions"])
        self.assertEqual(("AWS/Lambda", "Errors", "Sum"), (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]))
        self.assertEqual(("GreaterThanThreshold", 0, "notBreaching"), (alarm["ComparisonOperator"], alarm["Threshold"], alarm["TreatMissingData"]))

    def test_failed_invocations_go_to_a_destination_if_one_is_named(self):
        self.assertOff("HasFailureDestination", "FailureDestinationArn", "")
        destination = {"OnFailure": {"Destination": {"Ref": "FailureDestinationArn"}}}
        expected = {"Fn::If": ["HasFailureDestination", destination, {"Ref": "AWS::NoValue"}]}
        self.assertEqual(expected, EXPANDED["DeployerFunctionEventInvokeConfig"]["Properties"]["DestinationConfig"])
        resources = [s["Resource"] for s, condition in statements("deployer") if condition == "HasFailureDestination"]
        self.assertEqual([{"Ref": "FailureDestinationArn"}], resources)
        for value, ok in {
            "arn:aws:sqs:eu-west-1:123456789012:failed": True, "arn:aws-cn:sns:cn-north-1:123456789012:failed": True,
            "arn:aws:sqs:eu-west-1:123456789012:failed.fifo": False, "arn:aws:lambda:eu-west-1:123456789012:function:f": False,
        }.items():
            self.assertEqual(ok, fits("FailureDestinationArn", value), value)


class Example(unittest.TestCase):
    def test_codedeploy_knows_the_deployment_preference(self):
        for name, function in of_type(EXAMPLE["Resources"], "AWS::Serverless::Function").items():
            self.assertIn(function.get("DeploymentPreference", {}).get("Type", "AllAtOnce"), CODEDEPLOY_TYPES, name)

    def test_hooks_are_the_installed_ones(self):
        update = EXAMPLE_EXPANDED["GoodbyeFunctionAliaslive"]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
        for name, key in {"pretraffic": "BeforeAllowTrafficHook", "posttraffic": "AfterAllowTrafficHook"}.items():
            installed = properties(name)["FunctionName"]["Fn::Sub"].replace("${NamePrefix}", default(TEMPLATE, "NamePrefix"))
            self.assertEqual(installed, default(EXAMPLE, update[key]["Ref"]))

    def test_cloudformation_moves_candidate_and_leaves_live_alone(self):
        aliases = of_type(EXAMPLE_EXPANDED, "AWS::Lambda::Alias")
        self.assertIn("Fn::GetAtt", aliases["HelloFunctionAliascandidate"]["FunctionVersion"])
        live = {"FunctionName": {"Ref": "HelloFunction"}, "Name": "live", "FunctionVersion": "1"}
        self.assertEqual(live, aliases["HelloLive"])
        self.assertEqual("HelloFunctionAliascandidate", EXAMPLE_EXPANDED["HelloLive"]["DependsOn"])

    def test_its_parameters_fit_the_template(self):
        for name, value in load(ROOT / "examples/app/parameters.yaml").items():
            self.assertRegex(value, TEMPLATE["Parameters"][name].get("AllowedPattern", ""))
            if name == "Probes":
                json.loads(value)


class Pipeline(unittest.TestCase):
    """The recipe for CodePipeline, and the page that shows a part of it."""

    ACTIONS = [
        action
        for stage in load(ROOT / "examples/pipeline/template.yaml")["Resources"]["Pipeline"]["Properties"]["Stages"]
        for action in stage["Actions"]
        if action["ActionTypeId"]["Provider"] == "Lambda"
    ]

    def test_it_calls_the_installed_function_with_requests(self):
        installed = properties("pipeline")["FunctionName"]["Fn::Sub"].replace("${NamePrefix}", default(TEMPLATE, "NamePrefix"))
        recipe = load(ROOT / "examples/pipeline/template.yaml")
        self.assertEqual(installed, default(recipe, "DeployerFunctionName"))
        self.assertEqual(2, len(self.ACTIONS))
        for action in self.ACTIONS:
            text = action["Configuration"]["UserParameters"]["Fn::Sub"]
            self.assertLessEqual(len(text) + 64, 1000)
            request = json.loads(text)
            self.assertEqual(("live", "@candidate"), (request["alias"], request["new-version"]))

    def test_the_output_variables_that_it_shows_exist(self):
        source = (ROOT / "internal/driver/pipeline/reply.go").read_text()
        for name in re.findall(r"#\{shift\.(\w+)\}", (ROOT / "examples/pipeline/template.yaml").read_text()):
            self.assertIn(f'"{name}":', source)

    def test_the_page_shows_what_the_recipe_has(self):
        page = (ROOT / "docs/engines/codepipeline.md").read_text()
        recipe = [line.strip() for line in (ROOT / "examples/pipeline/template.yaml").read_text().splitlines()]
        for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL):
            for line in block.splitlines():
                self.assertIn(line.strip(), recipe)


if __name__ == "__main__":
    unittest.main(verbosity=2)
