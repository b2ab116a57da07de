"""A client by requests, which finds the operation, its required headers and its body in the document."""

import json
import sys

import requests

document, url, authorization, organization, note, changes = sys.argv[1:]
with open(document, encoding="utf-8") as file:
    paths = json.load(file)
(path, operation), = [
    (path, operation)
    for path, methods in paths["paths"].items()
    for operation in methods.values()
    if operation["operationId"] == "CreditNoteRefundsController_createRefundCreditNote"
]
names = [parameter["name"] for parameter in operation["parameters"] if parameter.get("in") == "header" and parameter.get("required")]
values = {"Authorization": authorization, "organization-id": organization}
properties = paths["components"]["schemas"]["CreditNoteRefundDto"]["properties"]
body = {name: schema["example"] for name, schema in properties.items()} | json.loads(changes)
reply = requests.post(url + path.replace("{creditNoteId}", note), json=body, headers={name: values[name] for name in names}, timeout=30)
print(reply.status_code)
