"""Unpacks the AWS CLI 2 from the wheel of aws-cdk-asset-awscli-v2 in a folder: a zip, in a tar, in a zip."""

import io
import sys
import tarfile
import zipfile
from pathlib import Path

folder = Path(sys.argv[1])
(wheel,) = folder.glob("aws_cdk_asset_awscli_v2-*.whl")
with zipfile.ZipFile(wheel) as outer:
    (name,) = (n for n in outer.namelist() if n.endswith(".jsii.tgz"))
    with tarfile.open(fileobj=io.BytesIO(outer.read(name))) as package:
        layer = package.extractfile("package/lib/layer.zip").read()
with zipfile.ZipFile(io.BytesIO(layer)) as inner:
    for member in inner.infolist():
        path = Path(inner.extract(member, folder))
        path.chmod(member.external_attr >> 16 & 0o777 or 0o644)
(program,) = folder.glob("awscli/v2/2.*/dist/aws")
(folder / "bin").mkdir(exist_ok=True)
(folder / "bin/aws").write_text(f'#!/bin/sh\nexec {program.resolve()} "$@"\n')
(folder / "bin/aws").chmod(0o755)
wheel.unlink()
