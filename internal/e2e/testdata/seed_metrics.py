"""Puts into the CloudWatch at URL what accounttest.Fixture needs of it: the traffic of the alias busy from START on, a
time in seconds since 1970, of versions OLD and NEW, and two alarms."""
import datetime
import sys

import boto3

url, start, old, new = sys.argv[1:]
aws = boto3.client("cloudwatch", endpoint_url=url, region_name="eu-west-1")
series = {None: (600, 30), old: (540, 0), new: (60, 30)}
data = []
for version, (invocations, errors) in series.items():
    dimensions = [{"Name": "FunctionName", "Value": "shop"}, {"Name": "Resource", "Value": "shop:busy"}]
    if version:
        dimensions.append({"Name": "ExecutedVersion", "Value": version})
    for minute in range(2):
        at = datetime.datetime.fromtimestamp(int(start) + 60 * minute, datetime.timezone.utc)
        for name, value in (("Invocations", invocations), ("Errors", errors)):
            data.append({"MetricName": name, "Dimensions": dimensions, "Timestamp": at, "Value": value})
aws.put_metric_data(Namespace="AWS/Lambda", MetricData=data)
for alarm, state in (("calm", "OK"), ("red", "ALARM")):
    aws.put_metric_alarm(
        AlarmName=alarm, MetricName="Errors", Namespace="nobody/writes", Statistic="Sum", Period=60, EvaluationPeriods=1,
        Threshold=1, ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore")
    aws.set_alarm_state(AlarmName=alarm, StateValue=state, StateReason="a test")
