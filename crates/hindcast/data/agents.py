"""Makes agents.json: the expressions of uap-core for browsers and systems, one on each line.

    npm pack uap-core@0.18.0 && tar xzf uap-core-0.18.0.tgz
    python3 agents.py package/regexes.yaml > agents.json     # needs PyYAML

Those for devices are left out: they name models, which give people away.
"""

import json
import sys

import yaml

expressions = yaml.safe_load(open(sys.argv[1]))
lists = []
for name in ("user_agent_parsers", "os_parsers"):
    lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in expressions[name])
    lists.append(f"{json.dumps(name)}: [\n{lines}\n]")
print("{\n" + ",\n".join(lists) + "\n}")
