"""Makes a bus in a moto server at URL, with a rule for everything and the stack's own rule for people, as it stands in TEMPLATE.
Each sends to a queue, and the second queue's messages go through a topic to a third: prints the queues as JSON."""
import json
import sys

import boto3

url, template = sys.argv[1:]
client = lambda name: boto3.client(name, endpoint_url=url, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
events, sqs, sns = client("events"), client("sqs"), client("sns")
BUS = "rollouts"
events.create_event_bus(Name=BUS)


def queue(name):
    address = sqs.create_queue(QueueName=name)["QueueUrl"]
    return address, sqs.get_queue_attributes(QueueUrl=address, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


all_events, people, chat = queue("all"), queue("people"), queue("chat")
events.put_rule(Name="all", EventBusName=BUS, EventPattern=json.dumps({"source": ["meta-deployer"]}))
events.put_targets(Rule="all", EventBusName=BUS, Targets=[{"Id": "all", "Arn": all_events[1]}])
rule = json.load(open(template))["Resources"]["NotificationRule"]["Properties"]
events.put_rule(Name="people", EventBusName=BUS, EventPattern=json.dumps(rule["EventPattern"]))
# Without the rule's input transformer: moto puts every variable in without quotes, and EventBridge does not.
events.put_targets(Rule="people", EventBusName=BUS, Targets=[{"Id": "people", "Arn": people[1]}])
topic = sns.create_topic(Name="meta-deployer-notifications")["TopicArn"]
sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=chat[1], Attributes={"RawMessageDelivery": "true"})
print(json.dumps({"all": all_events[0], "people": people[0], "chat": chat[0], "topic": topic}))
