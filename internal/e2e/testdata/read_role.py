"""Prints what the moto server at URL has of the role NAME and of its policy POLICY, as JSON."""
import ast
import json
import sys

import boto3

url, name, policy = sys.argv[1:]
iam = boto3.client("iam", endpoint_url=url, region_name="eu-west-1")
role = iam.get_role(RoleName=name)["Role"]
document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
if isinstance(document, str):  # moto's CloudFormation keeps a policy as Python writes it
    document = ast.literal_eval(document)
print(json.dumps({"arn": role["Arn"], "trust": role["AssumeRolePolicyDocument"]["Statement"], "rules": document["Statement"]}))
