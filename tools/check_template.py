"""What no linter knows about the two templates. `make template` runs it, after make build and sam build."""

import json
import os
import re
import struct
import subprocess
import tempfile
import unittest
import zlib
from pathlib import Path

import jsonschema

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

# The functions that run rollouts, each with a dead man's switch, and what ends those of a dead one.
DRIVERS = {"deployer", "pipeline", "worker", "durable"}
ROLLING = DRIVERS | {"recover"}

# Under which conditions a function's role allows more. A job that failed is told to CodePipeline, and a worker's to its state machine.
MAY = {
    "deployer": (
        "HasAssumableRole", "AllowsProbes", "HasWorkflow", "HandsToDurable", "HasDurable", "HasDeadMansSwitch", "HasFailureDestination",
        "not HasFailureDestination", "HasEventBus", "Traces",
    ),
    "pipeline": ("HasAssumableRole", "AllowsProbes", "HasDurable", "HasDeadMansSwitch", "HasEventBus", "Traces"),
    "recover": ("HasAssumableRole", "AllowsProbes", "HasDurable", "HasDeadMansSwitch", "HasEventBus", "Traces"),
    "worker": ("HasAssumableRole", "AllowsProbes", "HasDurable", "HasDeadMansSwitch", "HasEventBus", "Traces"),
    "durable": ("HasAssumableRole", "AllowsProbes", "HasDeadMansSwitch", "HasEventBus", "Traces"),
    "pretraffic": ("Traces",),
    "posttraffic": ("Traces",),
    "widget": ("Traces",),
}

# What a driver may do with the schedules that are its dead man's switch.
SCHEDULES = {
    "deployer": {"scheduler:CreateSchedule", "scheduler:DeleteSchedule"},
    "pipeline": {"scheduler:CreateSchedule", "scheduler:UpdateSchedule", "scheduler:DeleteSchedule"},
    "recover": {"scheduler:DeleteSchedule"},
    "worker": {"scheduler:CreateSchedule", "scheduler:DeleteSchedule"},
    "durable": {"scheduler:CreateSchedule", "scheduler:DeleteSchedule"},
}

# The statements on durable executions, which are below versions of their function.
OF_EXECUTIONS = {"KeepItsPlace", "WakeExecutions", "AskExecutions"}

# What every driver may ask about durable executions, recover too, and what only the deployer may do with them.
ASKS = {"lambda:ListDurableExecutionsByFunction", "lambda:GetDurableExecution"}
TELLS = {"lambda:GetDurableExecution"}
WAKES = {"lambda:GetDurableExecutionHistory", "lambda:SendDurableExecutionCallbackSuccess"}

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
    if "Fn::Or" in condition:
        return any(holds(part, **parameters) for part in condition["Fn::Or"])
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
                condition, statement, otherwise = statement["Fn::If"]
                yield statement, condition
                if "Sid" in otherwise:
                    yield otherwise, "not " + condition
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
    actions = {action.replace("eventbridge:", "events:").replace("sfn:", "states:") for action in actions}
    return {"lambda:InvokeFunction" if action == "lambda:Invoke" else action for action in actions}


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
                self.assertEqual(900 if name in ROLLING else 30 if name == "widget" else 300, properties(name)["Timeout"])

    def test_every_parameter_is_used_but_one_that_says_so(self):
        text = json.dumps([EXPANDED, TEMPLATE["Conditions"]])
        unused = {name for name in TEMPLATE["Parameters"] if not re.search(rf'"{name}"|\$\{{{name}\}}', text)}
        self.assertEqual({"AlarmNamePattern"}, unused)
        self.assertIn("Without effect", TEMPLATE["Parameters"]["AlarmNamePattern"]["Description"])

    def test_every_parameter_is_asked_for_in_a_group(self):
        groups = TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
        self.assertEqual(sorted(TEMPLATE["Parameters"]), sorted(name for group in groups for name in group["Parameters"]))

    def test_none_is_invoked_again_after_it_failed_but_a_pipelines_call_that_was_not_answered_and_recover(self):
        attempts = {
            config["FunctionName"]["Ref"]: config["MaximumRetryAttempts"]
            for config in of_type(EXPANDED, "AWS::Lambda::EventInvokeConfig").values()
        }
        self.assertEqual({logical_id(name): 2 if name in ("pipeline", "recover") else 0 for name in FUNCTIONS}, attempts)

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
                if "cloud.Home(os.LookupEnv)" in source:
                    read |= set(re.findall(r'lookup\("(\w+)"\)', (ROOT / "internal/cloud/caller.go").read_text()))
                given = set(properties(name).get("Environment", {}).get("Variables", {}))
                self.assertEqual(given, {variable for variable in read if not variable.startswith("AWS_")})

    def test_every_parameter_is_described(self):
        for name, parameter in TEMPLATE["Parameters"].items():
            self.assertTrue(parameter.get("Description"), name)


class Binaries(unittest.TestCase):
    def test_sam_build_and_make_build_give_the_same(self):
        for name in FUNCTIONS:
            self.assertTrue(built(name) == (ROOT / "dist" / name / "bootstrap").read_bytes(), f"{name}: the bytes differ")

    def test_no_zip_is_larger_than_4_mb(self):
        for name in FUNCTIONS:
            # html/template has the linker keep methods that nobody calls, so the widget is a few hundred bytes larger.
            most = 4_010_000 if name == "widget" else 4_000_000
            self.assertLessEqual(len(zlib.compress(built(name), 9)), most, name)

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
                conditions = (None, "HasAssumableRole", "HasWorkflow", "HasDurable", "HasDeadMansSwitch", "HasEventBus")
                may = set().union(*(allowed(name, under=condition) for condition in conditions))
                self.assertEqual(linked_actions(name) | OWN_LOGS, may - {"iam:PassRole"})  # which no call is named after

    def test_a_pipeline_may_do_what_the_deployer_may_and_answer_its_jobs(self):
        def rules(name):
            # A job that failed is told to CodePipeline, and has a day: it hands nothing over.
            own = (
                "WriteOwnLogs", "SendFailures", "TellRecover", "SetDeadMansSwitches",
                "HandOver", "StartExecutions", "WakeExecutions",
            )
            return {json.dumps([s["Action"], s["Resource"], condition]) for s, condition in statements(name) if s["Sid"] not in own}

        jobs = ["codepipeline:PutJobSuccessResult", "codepipeline:PutJobFailureResult"]
        self.assertEqual({json.dumps([jobs, "*", None])}, rules("pipeline") ^ rules("deployer"))

    def test_what_only_drivers_may_and_only_if_a_parameter_says_so(self):
        for name in FUNCTIONS:
            conditional = {
                "HasAssumableRole": {"sts:AssumeRole"},
                "AllowsProbes": {"lambda:InvokeFunction"},
                "HasWorkflow": {"states:StartExecution"},
                "HandsToDurable": {"lambda:InvokeFunction"},
                "HasDurable": TELLS if name == "recover" else ASKS | (WAKES if name == "deployer" else set()),
                "HasDeadMansSwitch": SCHEDULES.get(name, set()) | ({"iam:PassRole"} if name in DRIVERS else set()),
                "HasFailureDestination": {"sqs:SendMessage", "sns:Publish"},
                "not HasFailureDestination": {"lambda:InvokeFunction"},
                "HasEventBus": {"events:PutEvents"},
                "Traces": {"xray:PutTraceSegments", "xray:PutTelemetryRecords"},
            }
            expected = {c: conditional[c] for c in MAY.get(name, ())}
            self.assertEqual(set(expected) | {None}, {condition for _, condition in statements(name)}, name)
            for condition, actions in expected.items():
                self.assertEqual(actions, allowed(name, under=condition), name)

    def test_without_probes_drivers_invoke_hooks_only(self):
        for name in ROLLING:
            resources = [s["Resource"] for s, condition in statements(name) if "lambda:InvokeFunction" in as_list(s["Action"]) and condition is None]
            self.assertEqual(1, len(resources), name)
            for resource in resources[0]:
                self.assertIn(":function:${HookNamePattern}", resource["Fn::Sub"])

    def test_every_resource_is_named_but_for_metrics_alarms_and_jobs(self):
        for name in FUNCTIONS:
            for statement, _ in statements(name):
                if statement["Sid"] in ("ReadMetrics", "ReadAlarms", "AnswerCodePipeline", "WriteTraces"):
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
                elif statement.get("Sid") not in ("TellRecover", "StartExecutions") and str(statement["Action"]).count("lambda:"):
                    bare, qualified = (resource["Fn::Sub"] for resource in statement["Resource"])
                    self.assertEqual(f"{bare}:*", qualified)

    def test_logs_go_to_the_own_group_only(self):
        for name in FUNCTIONS:
            resources = [s["Resource"]["Fn::Sub"] for s, _ in statements(name) if set(as_list(s["Action"])) & OWN_LOGS]
            group = log_group(name)["Properties"]["LogGroupName"]["Fn::Sub"]
            self.assertEqual(["arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:" + group + ":*"], resources)


class AnotherAccount(unittest.TestCase):
    """The role that drivers work through in another account: target-account.yaml."""

    TARGET = load(ROOT / "target-account.yaml")
    ROLE = TARGET["Resources"]["TargetRole"]["Properties"]

    def rules(self):
        (policy,) = self.ROLE["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]:
            condition, statement = (statement["Fn::If"][0], statement["Fn::If"][1]) if "Fn::If" in statement else (None, statement)
            yield statement, condition

    def test_it_allows_what_a_driver_asks_of_the_account_of_an_alias_and_nothing_more(self):
        of_executions = {a for s, _ in statements("worker") if s["Sid"] in {"FindExecutions"} | OF_EXECUTIONS for a in as_list(s["Action"])}
        asked = {action for action in linked_actions("worker") - of_executions if action.split(":")[0] in ("lambda", "cloudwatch")}
        self.assertEqual(asked, {action for statement, _ in self.rules() for action in as_list(statement["Action"])})

    def test_it_may_what_the_deployers_own_role_may_there_under_the_same_parameters(self):
        own = {s["Sid"]: json.dumps([s, condition]) for s, condition in statements("deployer")}
        for statement, condition in self.rules():
            self.assertEqual(own[statement["Sid"]], json.dumps([statement, condition]))

    def test_the_roles_that_may_take_another_are_those_that_it_trusts(self):
        working = {f"{name.capitalize()}Role" for name in FUNCTIONS if "sts:AssumeRole" in allowed(name, under="HasAssumableRole")}
        separator, trusted = TEMPLATE["Outputs"]["DriverRoleArns"]["Value"]["Fn::Join"]
        self.assertEqual(",", separator)
        durable = {"Fn::If": ["HasDurable", {"Fn::GetAtt": ["DurableRole", "Arn"]}, {"Ref": "AWS::NoValue"}]}
        self.assertIn(durable, trusted)
        self.assertEqual(working, {role["Fn::GetAtt"][0] for role in trusted if role != durable} | {"DurableRole"})

    def test_it_trusts_them_and_only_with_the_external_id(self):
        (statement,) = self.ROLE["AssumeRolePolicyDocument"]["Statement"]
        self.assertEqual(("Allow", "sts:AssumeRole"), (statement["Effect"], statement["Action"]))
        self.assertEqual({
            "ArnEquals": {"aws:PrincipalArn": {"Ref": "TrustedRoleArns"}}, "StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}},
        }, statement["Condition"])
        for parameter in ("TrustedRoleArns", "ExternalId", "FunctionNamePattern"):
            self.assertNotIn("Default", self.TARGET["Parameters"][parameter], "whom an account trusts is a decision")
        pattern = self.TARGET["Parameters"]["TrustedRoleArns"]["AllowedPattern"]
        self.assertTrue(re.fullmatch(pattern, "arn:aws-cn:iam::123456789012:role/meta-deployer-DeployerRole-1ABC"))
        for value in ("*", "arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:role/*", "arn:aws:iam::123456789012:user/me"):
            self.assertIsNone(re.fullmatch(pattern, value), value)

    def test_an_external_id_is_one_that_a_request_can_give(self):
        parameter = self.TARGET["Parameters"]["ExternalId"]
        schema = json.loads((ROOT / "docs/request.schema.json").read_text())["properties"]["external-id"]
        self.assertEqual((schema["minLength"], schema["maxLength"]), (parameter["MinLength"], parameter["MaxLength"]))
        self.assertEqual(schema["pattern"].replace("*$", "+$"), parameter["AllowedPattern"])
        self.assertTrue(parameter["NoEcho"])

    def test_the_parameters_that_both_stacks_have_take_the_same(self):
        for name in ("FunctionNamePattern", "HookNamePattern", "AllowProbes", "PermissionsBoundary"):
            here, there = ({k: v for k, v in t["Parameters"][name].items() if k != "Description"} for t in (TEMPLATE, self.TARGET))
            self.assertEqual(here, there, name)

    def test_the_deployers_stack_can_name_it(self):
        name = default(self.TARGET, "RoleName")
        self.assertTrue(fits("AssumableRoleArn", f"arn:aws:iam::210987654321:role/{name}"))
        self.assertEqual({"Fn::GetAtt": ["TargetRole", "Arn"]}, self.TARGET["Outputs"]["RoleArn"]["Value"])


class Recover(unittest.TestCase):
    """No rollout left behind: who calls recover, and who may set what calls it."""

    RECOVER = {"Fn::GetAtt": ["RecoverFunction", "Arn"]}
    GROUP = "arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule/${NamePrefix}/*"

    def statement(self, function, sid):
        (found,) = [s for s, _ in statements(function) if s["Sid"] == sid]
        return found

    def test_it_hears_of_every_execution_that_did_not_succeed_and_of_no_other_machine(self):
        rule = EXPANDED["RolloutEndedRule"]["Properties"]
        self.assertEqual({
            "source": ["aws.states"], "detail-type": ["Step Functions Execution Status Change"],
            "detail": {"stateMachineArn": [{"Ref": "RolloutStateMachine"}], "status": ["FAILED", "TIMED_OUT", "ABORTED"]},
        }, rule["EventPattern"])
        self.assertEqual([self.RECOVER], [t["Arn"] for t in rule["Targets"]])
        permission = EXPANDED["RolloutEndedPermission"]["Properties"]
        self.assertEqual(("events.amazonaws.com", {"Fn::GetAtt": ["RolloutEndedRule", "Arn"]}), (permission["Principal"], permission["SourceArn"]))

    def test_it_hears_of_every_durable_execution_that_did_not_succeed_and_of_no_other_function(self):
        rule, permission = EXPANDED["DurableEndedRule"], EXPANDED["DurableEndedPermission"]
        self.assertEqual(["HasDurable"] * 2, [rule["Condition"], permission["Condition"]])
        self.assertEqual({
            "source": ["aws.lambda"], "detail-type": ["Durable Execution Status Change"],
            "detail": {
                "functionArn": [{"Fn::GetAtt": ["DurableFunction", "Arn"]}, {"prefix": {"Fn::Sub": "${DurableFunction.Arn}:"}}],
                "status": ["FAILED", "STOPPED", "TIMED_OUT"],
            },
        }, rule["Properties"]["EventPattern"])
        self.assertEqual([self.RECOVER], [t["Arn"] for t in rule["Properties"]["Targets"]])
        permission = permission["Properties"]
        self.assertEqual(("events.amazonaws.com", {"Fn::GetAtt": ["DurableEndedRule", "Arn"]}), (permission["Principal"], permission["SourceArn"]))

    def test_it_asks_about_the_own_functions_durable_executions(self):
        self.assertEqual(self.statement("deployer", "AskExecutions"), self.statement("recover", "AskExecutions"))

    def test_a_deployer_that_failed_is_told_to_it_unless_somebody_else_is_named(self):
        destination = EXPANDED["DeployerFunctionEventInvokeConfig"]["Properties"]["DestinationConfig"]["OnFailure"]["Destination"]
        self.assertEqual({"Fn::If": ["HasFailureDestination", {"Ref": "FailureDestinationArn"}, self.RECOVER]}, destination)
        self.assertEqual(self.RECOVER, self.statement("deployer", "TellRecover")["Resource"])

    def test_switches_are_on_unless_told_otherwise(self):
        self.assertEqual("on", default(TEMPLATE, "DeadMansSwitch"))
        self.assertEqual({"Fn::Equals": [{"Ref": "DeadMansSwitch"}, "on"]}, TEMPLATE["Conditions"]["HasDeadMansSwitch"])
        for resource in ("ScheduleGroup", "ScheduleRole"):
            self.assertEqual("HasDeadMansSwitch", EXPANDED[resource]["Condition"])
        expected = {
            "RECOVER_ARN": self.RECOVER, "SCHEDULE_GROUP": {"Ref": "NamePrefix"}, "SCHEDULE_ROLE_ARN": {"Fn::GetAtt": ["ScheduleRole", "Arn"]},
        }
        for name in DRIVERS:
            variables = properties(name)["Environment"]["Variables"]
            for variable, value in expected.items():
                self.assertEqual({"Fn::If": ["HasDeadMansSwitch", value, ""]}, variables[variable])
        self.assertEqual({"Ref": "NamePrefix"}, EXPANDED["ScheduleGroup"]["Properties"]["Name"])

    def test_a_driver_sets_schedules_of_the_own_group_that_call_recover_and_nothing_else(self):
        for name in DRIVERS:
            self.assertEqual(self.GROUP, self.statement(name, "SetDeadMansSwitches")["Resource"]["Fn::Sub"])
            passed = self.statement(name, "PassScheduleRole")
            self.assertEqual({"Fn::GetAtt": ["ScheduleRole", "Arn"]}, passed["Resource"])
            self.assertEqual({"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}, passed["Condition"])
        self.assertEqual(self.GROUP, self.statement("recover", "DeleteDeadMansSwitches")["Resource"]["Fn::Sub"])
        (policy,) = EXPANDED["ScheduleRole"]["Properties"]["Policies"]
        (statement,) = policy["PolicyDocument"]["Statement"]
        self.assertEqual(("lambda:InvokeFunction", self.RECOVER), (statement["Action"], statement["Resource"]))

    def test_only_the_schedulers_own_group_takes_the_role(self):
        (statement,) = EXPANDED["ScheduleRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        self.assertEqual({"Service": "scheduler.amazonaws.com"}, statement["Principal"])
        self.assertEqual({"StringEquals": {
            "aws:SourceAccount": {"Ref": "AWS::AccountId"},
            "aws:SourceArn": {"Fn::Sub": self.GROUP.replace(":schedule/${NamePrefix}/*", ":schedule-group/${NamePrefix}")},
        }}, statement["Condition"])

    def test_it_asks_about_the_own_machines_executions(self):
        resource = self.statement("recover", "AskWorkflows")["Resource"]["Fn::Sub"]
        self.assertTrue(resource.endswith(":execution:${NamePrefix}-rollout:*"), resource)

    def test_what_a_thief_of_its_role_may_do_to_aliases_is_what_the_worker_may(self):
        def rules(name):
            return {s["Sid"]: json.dumps([s["Action"], s["Resource"], condition]) for s, condition in statements(name)}

        own = {
            "WriteOwnLogs", "FindWorkflows", "AskWorkflows", "FindExecutions", "AskExecutions",
            "SetDeadMansSwitches", "PassScheduleRole", "DeleteDeadMansSwitches",
        }
        worker, recover = rules("worker"), rules("recover")
        self.assertEqual({k: v for k, v in worker.items() if k not in own}, {k: v for k, v in recover.items() if k not in own})


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
        "DurableEndedRule", "DurableEndedPermission",
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
        own_ways = ("WriteOwnLogs", "FindExecutions", "AskExecutions")  # the last two hang on no condition of the stack here

        def rules(name):
            return {json.dumps([s["Action"], s["Resource"], condition]) for s, condition in statements(name) if s["Sid"] not in own_ways}

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
        durable = {"Fn::If": ["HandsToDurable", {"Fn::Sub": self.ALIAS}, ""]}
        self.assertEqual({"Fn::If": ["HasWorkflow", {"Ref": "RolloutStateMachine"}, durable]}, variables["LONG_ENGINE_ARN"])
        self.assertEqual({"Ref": "HandOff"}, variables["HAND_OFF"])

    ALIAS = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${NamePrefix}-durable:live"

    def test_what_does_not_fit_goes_to_the_durable_function_if_it_is_there(self):
        (statement,) = [s for s, condition in statements("deployer") if condition == "HandsToDurable"]
        self.assertEqual(("lambda:InvokeFunction", {"Fn::Sub": self.ALIAS}), (statement["Action"], statement["Resource"]))
        asked = {"Fn::Equals": [{"Ref": "LongEngine"}, "durable"]}
        self.assertEqual({"Fn::And": [{"Condition": "HasDurable"}, asked]}, TEMPLATE["Conditions"]["HandsToDurable"])
        rule = TEMPLATE["Rules"]["ALongEngineIsThere"]
        self.assertEqual((asked, [{"Fn::Equals": [{"Ref": "Durable"}, "true"]}]), (rule["RuleCondition"], [a["Assert"] for a in rule["Assertions"]]))

    def test_the_deployer_starts_executions_of_that_machine_alone(self):
        (statement,) = [s for s, condition in statements("deployer") if condition == "HasWorkflow"]
        self.assertEqual(("states:StartExecution", {"Ref": "RolloutStateMachine"}), (statement["Action"], statement["Resource"]))

    def test_every_driver_asks_what_runs_in_the_stacks_own_engines(self):
        machine = TEMPLATE["Resources"]["RolloutStateMachine"]["Properties"]["Name"]["Fn::Sub"]
        function = properties("durable")["FunctionName"]["Fn::Sub"]
        place = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:"
        states, functions = place % "states", place % "lambda" + f"function:{function}"
        for name in DRIVERS:
            with self.subTest(name):
                variables = properties(name)["Environment"]["Variables"]
                self.assertEqual({"Fn::Sub": f"{states}stateMachine:{machine}"}, variables["WORKFLOW_ARN"])
                itself = name == "durable"  # which is there only where the function is
                given = {"Fn::Sub": function}
                self.assertEqual(given if itself else {"Fn::If": ["HasDurable", given, ""]}, variables["DURABLE_FUNCTION"])
                condition = None if itself else "HasDurable"
                asks = {s["Sid"]: [s["Action"], s["Resource"], under] for s, under in statements(name)}
                self.assertEqual(["states:ListExecutions", {"Fn::Sub": f"{states}stateMachine:{machine}"}, None], asks["FindWorkflows"])
                self.assertEqual(["states:DescribeExecution", {"Fn::Sub": f"{states}execution:{machine}:*"}, None], asks["AskWorkflows"])
                both = [{"Fn::Sub": functions}, {"Fn::Sub": f"{functions}:*"}]
                self.assertEqual(["lambda:ListDurableExecutionsByFunction", both, condition], asks["FindExecutions"])
                self.assertEqual(["lambda:GetDurableExecution", both[1], condition], asks["AskExecutions"])

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
            self.assertEqual({"durable": "MakesDurableLogs", "widget": "MakesWidgetLogs"}.get(name, "MakesLogGroups"), group["Condition"])
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
        resources = [s["Resource"] for s, condition in statements("deployer") if condition == "HasFailureDestination"]
        self.assertEqual([{"Ref": "FailureDestinationArn"}], resources)
        for value, ok in {
            "arn:aws:sqs:eu-west-1:123456789012:failed": True, "arn:aws-cn:sns:cn-north-1:123456789012:failed": True,
            "arn:aws:sqs:eu-west-1:123456789012:failed.fifo": False, "arn:aws:lambda:eu-west-1:123456789012:function:f": False,
        }.items():
            self.assertEqual(ok, fits("FailureDestinationArn", value), value)


class Notifications(unittest.TestCase):
    """Who hears of rollouts, and what: docs/events.md."""

    SCHEMA = json.loads((ROOT / "docs/event.schema.json").read_text())["properties"]

    def target(self):
        (target,) = EXPANDED["NotificationRule"]["Properties"]["Targets"]
        return target

    def message(self, **detail):
        """What people get, put together as EventBridge does it: what stands in quotes as it is, anything else as JSON."""
        transformer = self.target()["InputTransformer"]
        text = transformer["InputTemplate"]
        for name, path in transformer["InputPathsMap"].items():
            value = detail[path.removeprefix("$.detail.")]
            text = text.replace(f'": <{name}>', f'": {json.dumps(value)}').replace(f"<{name}>", str(value))
        return json.loads(text)

    DETAIL = {
        "state": "rolled-back", "function-name": "checkout", "alias": "live", "old-version": "1", "new-version": "2", "weight": 0,
        "rollout-id": "20261130-214500000-3a88", "reason": 'errors: 31 of 120 failed, says "the \\ shop" \u00fc',
    }

    # What a custom notification has to be (docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html).
    CUSTOM = {
        "type": "object", "required": ["version", "source", "content"], "additionalProperties": False,
        "properties": {
            "version": {"const": "1.0"}, "source": {"const": "custom"}, "id": {"type": "string"},
            "content": {
                "type": "object", "required": ["description"], "additionalProperties": False,
                "properties": {
                    "textType": {"const": "client-markdown"}, "title": {"type": "string", "minLength": 1}, "description": {"type": "string", "minLength": 1},
                    "nextSteps": {"type": "array", "items": {"type": "string"}}, "keywords": {"type": "array", "items": {"type": "string"}},
                },
            },
            "metadata": {
                "type": "object", "additionalProperties": False,
                "properties": {
                    "threadId": {"type": "string"}, "summary": {"type": "string"}, "eventType": {"type": "string"},
                    "relatedResources": {"type": "array", "items": {"type": "string"}}, "additionalContext": {"type": "object"},
                },
            },
        },
    }

    def test_the_message_is_a_custom_notification_whatever_the_reason_says(self):
        message = self.message(**self.DETAIL)
        jsonschema.validate(message, self.CUSTOM)
        self.assertEqual(self.DETAIL["reason"], message["content"]["description"])
        self.assertEqual("rolled-back: checkout:live, version 1 to version 2, now at 0 %", message["content"]["title"])
        with self.assertRaises(jsonschema.ValidationError):
            jsonschema.validate(self.message(**self.DETAIL | {"reason": ""}), self.CUSTOM)
        self.assertEqual(1, self.SCHEMA["reason"]["minLength"])

    def test_what_stands_in_quotes_needs_no_escaping(self):
        transformer = self.target()["InputTransformer"]
        for name, path in transformer["InputPathsMap"].items():
            key = path.removeprefix("$.detail.")
            self.assertIn(key, self.SCHEMA)
            if f'": <{name}>' in transformer["InputTemplate"]:
                self.assertEqual("reason", name)
                continue
            rule = self.SCHEMA[key]
            self.assertTrue("enum" in rule or "pattern" in rule or rule["type"] == "number", key)
            self.assertIsNone(re.search(r"[^a-z0-9-]", "".join(rule.get("enum", ()))))
            self.assertNotRegex(rule.get("pattern", ""), r'["\\]{2}|\.')

    def test_the_rule_takes_the_states_of_the_contract(self):
        pattern = EXPANDED["NotificationRule"]["Properties"]["EventPattern"]
        self.assertEqual((["meta-deployer"], ["Rollout State Change"]), (pattern["source"], pattern["detail-type"]))
        expected = {"rolled-back", "rollback-failed", "state-unknown", "held", "superseded", "succeeded", "succeeded-unverified", "awaiting-approval"}
        self.assertEqual(expected, set(pattern["detail"]["state"]))
        self.assertLessEqual(expected, set(self.SCHEMA["state"]["enum"]))

    def test_events_go_to_the_one_bus(self):
        self.assertEqual("default", default(TEMPLATE, "EventBusName"))
        for name in DRIVERS:
            self.assertEqual({"Ref": "EventBusName"}, properties(name)["Environment"]["Variables"]["EVENT_BUS_NAME"])
            resources = [s["Resource"] for s, _ in statements(name) if s["Action"] == "events:PutEvents"]
            self.assertEqual([{"Fn::Sub": "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/${EventBusName}"}], resources)
        self.assertEqual({"Ref": "EventBusName"}, EXPANDED["NotificationRule"]["Properties"]["EventBusName"])
        for value, ok in {"": True, "default": True, "a/b.c_d-e": True, "*": False, "arn:aws:events:eu-west-1:1:event-bus/x": False}.items():
            self.assertEqual(ok, fits("EventBusName", value), value)

    def test_nobody_is_told_unless_asked_for(self):
        for parameter in ("NotificationTopicArn", "NotificationEmail"):
            self.assertEqual("", default(TEMPLATE, parameter))
        conditions = {name: EXPANDED[name].get("Condition") for name in EXPANDED if name.startswith("Notification") or name == "UnsafeAlarm"}
        self.assertEqual({
            "NotificationRule": "NotifiesOfEvents", "NotificationTopic": "MakesNotificationTopic", "NotificationTopicPolicy": "MakesNotificationTopic",
            "NotificationSubscription": "HasNotificationEmail", "UnsafeAlarm": "Notifies",
        }, conditions)
        topic = {"Fn::If": ["HasNotificationTopic", {"Ref": "NotificationTopicArn"}, {"Ref": "NotificationTopic"}]}
        self.assertEqual(topic, self.target()["Arn"])
        self.assertEqual([topic], EXPANDED["UnsafeAlarm"]["Properties"]["AlarmActions"])
        self.assertEqual(topic, EXPANDED["NotificationSubscription"]["Properties"]["TopicArn"])
        for value, ok in {"": True, "a@example.com": True, "a": False, "a b@example.com": False}.items():
            self.assertEqual(ok, fits("NotificationEmail", value), value)

    def test_what_is_made_for_whom(self):
        def more(**parameters):
            return made(EXPANDED, **parameters) - made(EXPANDED)

        topic = "arn:aws:sns:eu-west-1:123456789012:ours"
        own = {"NotificationTopic", "NotificationTopicPolicy", "NotificationSubscription", "UnsafeAlarm"}
        self.assertEqual(own | {"NotificationRule"}, more(NotificationEmail="a@example.com"))
        self.assertEqual({"NotificationRule", "UnsafeAlarm"}, more(NotificationTopicArn=topic))
        self.assertEqual({"NotificationRule", "UnsafeAlarm", "NotificationSubscription"}, more(NotificationTopicArn=topic, NotificationEmail="a@example.com"))
        self.assertEqual(own, more(NotificationEmail="a@example.com", EventBusName=""))
        self.assertEqual(set(), more(EventBusName=""))
        widget = {"WidgetFunction", "WidgetFunctionEventInvokeConfig", "WidgetLogs", "WidgetRole"}
        self.assertEqual({"RolloutsDashboard"} | widget, more(Dashboard="true"))
        self.assertNotIn("WidgetLogs", made(EXPANDED, Dashboard="true", LogGroups="existing"))

    def test_only_the_rule_and_the_alarm_may_publish(self):
        allowed_to = {}
        for statement in EXPANDED["NotificationTopicPolicy"]["Properties"]["PolicyDocument"]["Statement"]:
            statement = statement["Fn::If"][1] if "Fn::If" in statement else statement
            self.assertEqual(("Allow", "sns:Publish", {"Ref": "NotificationTopic"}), (statement["Effect"], statement["Action"], statement["Resource"]))
            allowed_to[statement["Principal"]["Service"]] = statement["Condition"]["ArnEquals"]["aws:SourceArn"]
        self.assertEqual({
            "events.amazonaws.com": {"Fn::GetAtt": ["NotificationRule", "Arn"]}, "cloudwatch.amazonaws.com": {"Fn::GetAtt": ["UnsafeAlarm", "Arn"]},
        }, allowed_to)

    def test_the_alarm_is_on_what_the_functions_write(self):
        source = (ROOT / "internal/notify/metrics.go").read_text()
        measured = [m["MetricStat"]["Metric"] for m in EXPANDED["UnsafeAlarm"]["Properties"]["Metrics"] if "MetricStat" in m]
        self.assertEqual({"RollbackFailed", "StateUnknown"}, {m["MetricName"] for m in measured})
        for m in measured:
            self.assertEqual(([{"Name": "Installation", "Value": {"Ref": "NamePrefix"}}], "MetaDeployer"), (m["Dimensions"], m["Namespace"]))
            self.assertIn(f'"{m["MetricName"]}"', source)
        self.assertIn('Namespace = "MetaDeployer"', source)

    def test_the_dashboard_shows_what_the_functions_write(self):
        self.assertEqual(("false", "HasDashboard"), (default(TEMPLATE, "Dashboard"), EXPANDED["RolloutsDashboard"]["Condition"]))
        source = (ROOT / "internal/notify/metrics.go").read_text()
        text = EXPANDED["RolloutsDashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
        widgets = json.loads(text)["widgets"]
        self.assertEqual(6, len(widgets))
        self.assertEqual(len(widgets), len({(w["x"], w["y"]) for w in widgets}), "none covers another")
        (custom,) = [w["properties"] for w in widgets if w["type"] == "custom"]
        self.assertEqual(("${WidgetFunction.Arn}", {}), (custom["endpoint"], custom["params"]))
        names = re.findall(r'MetricName=\\"(\w+)\\"', text) + re.findall(r'\["MetaDeployer", "(\w+)"', text)
        self.assertEqual(10, len(names))
        for name in names:
            self.assertIn(f'"{name}"', source)

    def test_the_widget_only_looks_and_its_buttons_call_the_deployer(self):
        may = {action for s, _ in statements("widget") for action in as_list(s["Action"])} - OWN_LOGS
        self.assertEqual({
            "lambda:GetAlias", "cloudwatch:GetMetricData", "cloudwatch:ListMetrics", "cloudwatch:DescribeAlarms",
            "xray:PutTraceSegments", "xray:PutTelemetryRecords",
        }, may)
        self.assertEqual({"Fn::GetAtt": ["DeployerFunction", "Arn"]}, properties("widget")["Environment"]["Variables"]["DEPLOYER_ARN"])
        # CloudWatch's console offers functions of this beginning.
        self.assertEqual("customWidget-${NamePrefix}", properties("widget")["FunctionName"]["Fn::Sub"])
        self.assertLessEqual(len("customWidget-") + TEMPLATE["Parameters"]["NamePrefix"]["MaxLength"], 64)
        for name, resource in EXPANDED.items():
            if not name.startswith("Widget") and name != "RolloutsDashboard":
                self.assertNotIn("Widget", json.dumps(resource), name)

    def test_tracing(self):
        self.assertEqual("false", default(TEMPLATE, "Tracing"))
        for name in FUNCTIONS:
            self.assertEqual({"Mode": {"Fn::If": ["Traces", "Active", "PassThrough"]}}, properties(name)["TracingConfig"])


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
