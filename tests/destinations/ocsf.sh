#!/usr/bin/env bash
# The published schema of OCSF (PyPI ocsf-json-schema, which has it up to 1.8.0) validates what we write: every activity of the
# registry in 1.8.0, and the classes that 1.9.0 did not change in that too.
set -euo pipefail
source "$(dirname "$0")/common.sh"
python_with ocsf ocsf-json-schema==1.2.0 jsonschema==4.26.0
cargo test --workspace --quiet --lib deliver::format::tests::shapes::every_activity_as_ocsf -- --ignored
"$python" tests/destinations/ocsf.py "$folder"
