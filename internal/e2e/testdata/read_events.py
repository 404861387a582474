"""Prints what is in the queue QUEUE of a moto server at URL, as a JSON list of texts; what is read is published to TOPIC, if there
is one."""
import json
import sys

import boto3

url, queue, *topic = sys.argv[1:]
client = lambda name: boto3.client(name, endpoint_url=url, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
sqs, read = client("sqs"), []
while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
    for message in messages:
        read.append(message["Body"])
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        for arn in topic:
            client("sns").publish(TopicArn=arn, Message=message["Body"])
print(json.dumps(read))
