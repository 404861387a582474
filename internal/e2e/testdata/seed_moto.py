"""Puts into a moto server at URL what accounttest.Fixture needs, and prints the versions as JSON."""
import io
import json
import sys
import urllib.request
import zipfile

import boto3

url = sys.argv[1]


def post(path, body):
    urllib.request.urlopen(urllib.request.Request(url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}))


# First of all, for it switches to another store; and the answers of invocations come from a queue.
post("/moto-api/config", {"lambda": {"use_docker": False}})
post("/moto-api/static/lambda-simple/response", {"results": ['{"status": "Succeeded"}'] * 4, "region": "eu-west-1"})
client = lambda name: boto3.client(name, endpoint_url=url, region_name="eu-west-1")
roles = [
    client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}))["Role"]["Arn"]
    for name in ("one", "another")
]
aws = client("lambda")


def code(text):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr("bootstrap", text)
    return archive.getvalue()


for function in ("shop", "fine", "broken"):
    aws.create_function(FunctionName=function, Runtime="provided.al2023", Role=roles[0], Handler="bootstrap", Code={"ZipFile": code("1")})
versions = [aws.publish_version(FunctionName="shop")["Version"]]
aws.update_function_code(FunctionName="shop", ZipFile=code("2"))
versions.append(aws.publish_version(FunctionName="shop")["Version"])
aws.update_function_configuration(FunctionName="shop", Role=roles[1])
aws.update_function_code(FunctionName="shop", ZipFile=code("3"))
versions.append(aws.publish_version(FunctionName="shop")["Version"])
aws.create_alias(FunctionName="shop", Name="live", FunctionVersion=versions[0], Description="ours")
print(json.dumps(versions))
