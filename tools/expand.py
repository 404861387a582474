"""What CloudFormation will really deploy: the template after the SAM transform. Offline.

    python tools/expand.py TEMPLATE > cfn.json
"""

import json
import logging
import os
import sys

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")  # the translator asks for one
logging.getLogger("samtranslator").setLevel(logging.ERROR)

from samtranslator.internal.managed_policies import get_bundled_managed_policy_map
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse


def load(path):
    """The template as it stands in the file, with !Ref, !Sub and the like in their long form."""
    with open(path, encoding="utf-8") as file:
        return yaml_parse(file.read())


def expand(path):
    """The template after the transform."""
    template = load(path)
    # The transform wants code that was uploaded already.
    for part in [*template["Resources"].values(), *template.get("Globals", {}).values()]:
        properties = part.get("Properties", part)
        for uri in ("CodeUri", "DefinitionUri"):
            if uri in properties:
                properties[uri] = "s3://bucket/key"
    return Translator(get_bundled_managed_policy_map("aws"), Parser()).translate(template, parameter_values={})


if __name__ == "__main__":
    json.dump(expand(sys.argv[1]), sys.stdout, indent=1, sort_keys=True)
