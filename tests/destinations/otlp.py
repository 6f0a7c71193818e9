"""Receives OTLP with OpenTelemetry's own messages and writes down the records; compares them with what was sent."""
import gzip, http.server, json, sys
from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as service


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        assert self.headers["x-api-key"] == "k"
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        request, answer = service.ExportLogsServiceRequest(), service.ExportLogsServiceResponse()
        is_json = self.headers["content-type"] == "application/json"
        if is_json:
            # Ids are hexadecimal in OTLP's JSON; the library reads base64.
            said = json.loads(body)
            for record in said["resourceLogs"][0]["scopeLogs"][0]["logRecords"]:
                assert "traceId" not in record or len(record.pop("traceId")) == 32
                record.pop("spanId", None)
            json_format.ParseDict(said, request)
            out = json_format.MessageToJson(answer).encode()
        else:
            request.ParseFromString(body)
            out = answer.SerializeToString()
        name = self.path.split("/")[1]
        with open(f"{sys.argv[2]}/got.{name}", "a", encoding="utf-8") as file:
            for resource in request.resource_logs:
                about = {pair.key: pair.value.string_value for pair in resource.resource.attributes}
                assert about["service.name"] == "hindcast" and about["hindcast.workspace"] == "acme", about
                for scope in resource.scope_logs:
                    for record in scope.log_records:
                        told = json_format.MessageToDict(record)
                        told.pop("traceId", None), told.pop("spanId", None)
                        file.write(json.dumps(told, sort_keys=True) + "\n")
        self.send_response(200)
        self.send_header("content-type", self.headers["content-type"])
        self.send_header("content-length", str(len(out)))
        self.end_headers()
        self.wfile.write(out)

    def log_message(self, *_):
        pass


def value(any_value):
    (kind, value), = any_value.items()
    return int(value) if kind == "intValue" else value


if sys.argv[1] == "receive":
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[3])), Receiver).serve_forever()
entries = [json.loads(line) for line in open(f"{sys.argv[2]}/sent.native", encoding="utf-8")]
first = None
for name in ("protobuf-gzip", "protobuf-none", "json-gzip", "json-none"):
    records = [json.loads(line) for line in open(f"{sys.argv[2]}/got.{name}", encoding="utf-8")]
    assert len(records) == 501, f"{name}: {len(records)}"
    assert first is None or records == first, "the encodings say the same"
    first = records
    for entry, record in zip(entries, records[1:]):
        about = {pair["key"]: pair["value"] for pair in record["attributes"]}
        assert record["eventName"] == entry["action"], record
        assert value(about["log.record.uid"]) == entry["id"] and value(about["hindcast.index"]) == entry["index"]
        assert value(about["actor.name"]) == entry["actor"]["name"], about["actor.name"]
        assert value(about["metadata.note"]) == entry["metadata"]["note"]
        assert value(about["client.address"]) == "203.0.113.9"
    print(f"OpenTelemetry reads all of it: {name}, {len(records)} records")
