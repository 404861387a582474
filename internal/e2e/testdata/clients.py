"""Uses the endpoint at URL as any program uses AWS. Whatever is not as it is there ends it."""
import datetime
import gzip
import json
import os
import pathlib
import sys

import boto3
import botocore
from botocore.config import Config

url = sys.argv[1]


def client(name, **more):
    config = Config(retries={"total_max_attempts": 1})
    return boto3.session.Session(**more).client(name, endpoint_url=url, region_name="eu-west-1", config=config)


def refused(code, status, call, /, **arguments):
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as e:
        assert e.response["Error"]["Code"] == code, e.response
        assert e.response["ResponseMetadata"]["HTTPStatusCode"] == status, e.response
        return e
    raise AssertionError(f"{call} {arguments} is not refused")


def aliases():
    aws = client("lambda")
    alias = aws.get_alias(FunctionName="checkout", Name="idle")
    assert alias["FunctionVersion"] == "1" and "RoutingConfig" not in alias, alias
    assert alias["AliasArn"] == "arn:aws:lambda:eu-west-1:123456789012:function:checkout:idle", alias
    name = dict(FunctionName="checkout", Name="idle")
    moved = aws.update_alias(**name, RoutingConfig={"AdditionalVersionWeights": {"2": 0.1}}, RevisionId=alias["RevisionId"])
    assert moved["RoutingConfig"] == {"AdditionalVersionWeights": {"2": 0.1}} and moved["RevisionId"] != alias["RevisionId"], moved
    e = refused("PreconditionFailedException", 412, aws.update_alias, **name, Description="late", RevisionId=alias["RevisionId"])
    assert isinstance(e, aws.exceptions.PreconditionFailedException)
    e = refused("InvalidParameterValueException", 400, aws.update_alias, **name, FunctionVersion="2")
    assert isinstance(e, aws.exceptions.InvalidParameterValueException)
    kept = aws.update_alias(**name, Description="kept")
    assert kept["RoutingConfig"] == moved["RoutingConfig"], kept
    done = aws.update_alias(**name, FunctionVersion="2", RoutingConfig={"AdditionalVersionWeights": {}})
    assert done["FunctionVersion"] == "2" and "RoutingConfig" not in done, done
    refused("ResourceNotFoundException", 404, aws.get_alias, FunctionName="checkout", Name="none")
    refused("ValidationException", 400, aws.update_alias, **name, RoutingConfig={"AdditionalVersionWeights": {"1": 2.0}})
    refused("ProvisionedConcurrencyConfigNotFoundException", 404, aws.get_provisioned_concurrency_config, FunctionName="checkout", Qualifier="live")
    made = aws.create_alias(FunctionName="checkout", Name="2024-01-02", FunctionVersion="1")
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201 and made["Description"] == "", made
    refused("ResourceConflictException", 409, aws.create_alias, FunctionName="checkout", Name="2024-01-02", FunctionVersion="1")
    aws.delete_alias(FunctionName="checkout", Name="2024-01-02")
    assert [a["Name"] for a in aws.list_aliases(FunctionName="checkout")["Aliases"]] == ["candidate", "idle", "live"]


def functions():
    aws = client("lambda")
    assert aws.get_function(FunctionName="checkout", Qualifier="live")["Configuration"]["Version"] == "1"
    assert aws.publish_version(FunctionName="checkout")["Version"] == "3", "nothing has changed"
    aws.update_function_configuration(FunctionName="checkout", Description="changed")
    published = aws.publish_version(FunctionName="checkout")
    assert published["Version"] == "4" and published["State"] == "Active", published
    versions = [v["Version"] for v in aws.list_versions_by_function(FunctionName="checkout")["Versions"]]
    assert versions == ["$LATEST", "1", "2", "3", "4"], versions
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:checkout:2"
    invoked = aws.invoke(FunctionName=arn, Payload=b"{}")
    assert json.load(invoked["Payload"]) == {"ok": True} and invoked["ExecutedVersion"] == "2", invoked
    assert aws.invoke(FunctionName="checkout", InvocationType="DryRun")["StatusCode"] == 204
    assert aws.invoke(FunctionName="checkout", InvocationType="Event", Payload=b"{}")["StatusCode"] == 202
    aws.get_waiter("function_active_v2").wait(FunctionName="checkout")


def metrics():
    """In each of the protocols of the service's model, as if the client knew no other."""
    own = pathlib.Path(botocore.__file__).parent / "data" / "cloudwatch" / "2010-08-01" / "service-2.json"
    model = json.loads(own.read_bytes() if own.exists() else gzip.decompress(own.with_suffix(".json.gz").read_bytes()))
    assert len(model["metadata"]["protocols"]) == 3, model["metadata"]
    for protocol in model["metadata"]["protocols"]:
        model["metadata"].update(protocol=protocol, protocols=[protocol], serviceId="CloudWatch")
        place = pathlib.Path(protocol) / "cloudwatch" / "2010-08-01"
        place.mkdir(parents=True)
        (place / "service-2.json").write_text(json.dumps(model))
        session = botocore.session.get_session()
        session.get_component("data_loader").search_paths.insert(0, str(pathlib.Path(protocol).absolute()))
        aws = client("cloudwatch", botocore_session=session)
        assert aws.meta.service_model.resolved_protocol == protocol, protocol
        now = datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0)
        query = {"Id": "calls", "MetricStat": {"Period": 60, "Stat": "Sum", "Metric": {
            "Namespace": "AWS/Lambda", "MetricName": "Invocations",
            "Dimensions": [{"Name": "FunctionName", "Value": "checkout"}, {"Name": "Resource", "Value": "checkout:live"}]}}}
        times = dict(StartTime=now - datetime.timedelta(minutes=3), EndTime=now)
        result = aws.get_metric_data(MetricDataQueries=[query], ScanBy="TimestampAscending", **times)["MetricDataResults"][0]
        assert result["Values"] == [1200.0] * 3 and result["Timestamps"][0] == times["StartTime"], (protocol, result)
        assert result["StatusCode"] == "Complete", (protocol, result)
        query["Id"] = "Calls"
        refused("ValidationError", 400, aws.get_metric_data, MetricDataQueries=[query], **times)
        alarm = aws.describe_alarms(AlarmNames=["checkout-errors", "none"])["MetricAlarms"]
        assert [(a["AlarmName"], a["StateValue"]) for a in alarm] == [("checkout-errors", "OK")], (protocol, alarm)
        assert isinstance(alarm[0]["StateTransitionedTimestamp"], datetime.datetime), (protocol, alarm)


def deployments():
    aws = client("codedeploy")
    ids = aws.list_deployment_targets(deploymentId="d-1")["targetIds"]
    info = aws.batch_get_deployment_targets(deploymentId="d-1", targetIds=ids)["deploymentTargets"][0]["lambdaTarget"]["lambdaFunctionInfo"]
    assert (info["functionName"], info["functionAlias"], info["currentVersion"], info["targetVersion"]) == ("checkout", "live", "1", "2"), info
    assert aws.get_deployment(deploymentId="d-1")["deploymentInfo"]["computePlatform"] == "Lambda"
    report = dict(deploymentId="d-1", lifecycleEventHookExecutionId="execution-1")
    put = aws.put_lifecycle_event_hook_execution_status
    refused("InvalidLifecycleEventHookExecutionStatusException", 400, put, **report, status="Pending")
    put(**report, status="Succeeded")
    refused("LifecycleEventAlreadyCompletedException", 400, put, **report, status="Failed")
    refused("DeploymentDoesNotExistException", 400, aws.get_deployment, deploymentId="d-none")


def identities():
    sts = client("sts")
    assert sts.get_caller_identity()["Account"] == "123456789012"
    role = sts.assume_role(RoleArn="arn:aws:iam::123456789012:role/other", RoleSessionName="test")
    assert role["Credentials"]["Expiration"] > datetime.datetime.now(datetime.timezone.utc), role
    assert os.environ["AWS_ACCESS_KEY_ID"] == sts.get_caller_identity()["UserId"]


for part in (aliases, functions, metrics, deployments, identities):
    part()
