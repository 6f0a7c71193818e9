"""Validates events against the schema of OCSF 1.8.0. User and Role Management came with 1.9.0 and are not in it."""
import collections, json, sys
import jsonschema
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

schema = OcsfJsonSchemaEmbedded(get_ocsf_schema("1.8.0"))
checkers, counts, wrong = {}, collections.Counter(), collections.Counter()
for name in ("ocsf-1-8", "ocsf"):
    for line in open(f"{sys.argv[1]}/all.{name}", encoding="utf-8"):
        event = json.loads(line)
        uid, version = event["class_uid"], event["metadata"]["version"]
        assert version == {"ocsf": "1.9.0", "ocsf-1-8": "1.8.0"}[name]
        # 1.9.0 only: two classes, the users of a group, and the agent in the profile of AI.
        if name == "ocsf" and (uid in (3006, 3007, 3008) or "ai_agent" in event):
            counts[f"{name}, newer than the schema"] += 1
            continue
        if uid not in checkers:
            of = schema.get_class_schema(schema.lookup_class_name_from_uid(uid), ["host"])
            checkers[uid] = jsonschema.Draft202012Validator(of)
        for error in checkers[uid].iter_errors(event):
            wrong[f"{name} {uid} {'/'.join(map(str, error.absolute_path))}: {error.message[:160]}"] += 1
        counts[name] += 1
for what, count in wrong.most_common(30):
    print(f"{count}x {what}")
print(", ".join(f"{count} events of {what}" for what, count in counts.items()))
sys.exit(1 if wrong else 0)
