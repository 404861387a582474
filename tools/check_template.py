"""What no linter knows about the two templates. `make template` runs it, after make build and sam build."""

import json
import re
import struct
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
DRIVERS = {"deployer", "pipeline"}

OWN_LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}


def of_type(resources, kind):
    return {name: resource["Properties"] for name, resource in resources.items() if resource["Type"] == kind}


def logical_id(function):
    """deployer is DeployerFunction, as in the Makefile."""
    return f"{function.capitalize()}Function"


def properties(function):
    return EXPANDED[logical_id(function)]["Properties"]


def default(template, parameter):
    return template["Parameters"][parameter]["Default"]


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
                self.assertEqual(900 if name in DRIVERS else 300, properties(name)["Timeout"])

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
                group = name.capitalize() + "Logs"
                self.assertEqual({"LogFormat": "JSON", "LogGroup": {"Ref": group}}, properties(name)["LoggingConfig"])
                self.assertEqual({"Ref": "LogRetentionDays"}, EXPANDED[group]["Properties"]["RetentionInDays"])

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


class Permissions(unittest.TestCase):
    def test_each_role_allows_what_its_binary_can_call_and_nothing_more(self):
        for name in FUNCTIONS:
            with self.subTest(name):
                self.assertEqual(linked_actions(name) | OWN_LOGS, allowed(name) | allowed(name, under="HasAssumableRole"))

    def test_a_driver_may_do_what_the_deployer_may_and_answer_its_caller(self):
        def rules(name):
            return {json.dumps([s["Action"], s["Resource"], condition]) for s, condition in statements(name) if s["Sid"] != "WriteOwnLogs"}

        jobs = ["codepipeline:PutJobSuccessResult", "codepipeline:PutJobFailureResult"]
        self.assertEqual({json.dumps([jobs, "*", None])}, rules("pipeline") ^ rules("deployer"))

    def test_only_a_driver_may_assume_a_role_and_only_if_one_is_named(self):
        for name in FUNCTIONS:
            expected = {"sts:AssumeRole"} if name in DRIVERS else set()
            self.assertEqual(expected, allowed(name, under="HasAssumableRole"), name)
            self.assertLessEqual({condition for _, condition in statements(name)}, {None, "HasAssumableRole"}, name)

    def test_every_resource_is_named_but_for_metrics_and_jobs(self):
        for name in FUNCTIONS:
            for statement, _ in statements(name):
                if statement["Sid"] not in ("ReadMetrics", "AnswerCodePipeline"):
                    self.assertNotIn("*", as_list(statement["Resource"]), statement)

    def test_a_function_is_named_with_and_without_its_versions_but_probed_by_version_only(self):
        for name in FUNCTIONS:
            for statement, _ in statements(name):
                if statement.get("Sid") == "ProbeVersions":
                    self.assertRegex(statement["Resource"]["Fn::Sub"], r":function:\$\{FunctionNamePattern\}:\*$")
                elif str(statement["Action"]).count("lambda:"):
                    bare, qualified = (resource["Fn::Sub"] for resource in statement["Resource"])
                    self.assertEqual(f"{bare}:*", qualified)

    def test_logs_go_to_the_own_group_only(self):
        for name in FUNCTIONS:
            resources = [s["Resource"] for s, _ in statements(name) if set(as_list(s["Action"])) & OWN_LOGS]
            self.assertEqual([{"Fn::GetAtt": [name.capitalize() + "Logs", "Arn"]}], resources)


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
