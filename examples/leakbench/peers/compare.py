"""What other tools find in the captures of the bench, beside phonehome. Peers that are not installed are named and left out.

    cargo run --release --example leakbench -- --seed 7001 --messages 2500 --keep FOLDER
    python3 examples/leakbench/peers/compare.py FOLDER          # substring method of OWASP MASTG, tshark | grep -F, Presidio
    python3 examples/leakbench/peers/compare.py --trackhar FILE.har PHONEHOME   # each value of TrackHAR, and whether we have it

FOLDER holds all.har, all.pcap, known.txt (a value a line) and planted.json (host, label, encoding, whether phonehome found it).
"""

import base64
import collections
import gzip
import json
import pathlib
import shutil
import subprocess
import sys
import tomllib
import zlib

HERE = pathlib.Path(__file__).parent


def body_of(request):
    """The body as text, with its content encoding undone, as a proxy shows it."""
    post = request.get("postData") or {}
    text = post.get("text", "")
    raw = base64.b64decode(text) if post.get("encoding") == "base64" else text.encode()
    encoding = next((h["value"] for h in request["headers"] if h["name"].lower() == "content-encoding"), "")
    try:
        raw = {"gzip": gzip.decompress, "deflate": zlib.decompress}.get(encoding, bytes)(raw)
    except (OSError, zlib.error):
        pass
    return raw.decode("utf-8", "replace")


def requests_of(folder):
    for entry in json.loads((folder / "all.har").read_text())["log"]["entries"]:
        request = entry["request"]
        host = next(h["value"] for h in request["headers"] if h["name"].lower() == "host")
        headers = "\n".join(f'{h["name"]}: {h["value"]}' for h in request["headers"])
        yield host, f'{request["url"]}\n{headers}\n{body_of(request)}'


def mastg(folder, known):
    """The script for mitmproxy in the MASTG's test on personal data in traffic: each value as a substring of URL, headers, body."""
    return {host for host, text in requests_of(folder) if any(value in text for value in known)}


def tshark_grep(folder, known):
    """tshark -T fields | grep -F -f known.txt"""
    if not shutil.which("tshark"):
        return None
    fields = ["http.host", "http.request.full_uri", "http.request.line", "http.cookie", "http.file_data"]
    command = ["tshark", "-n", "-r", str(folder / "all.pcap"), "-Y", "http.request", "-T", "fields"]
    lines = subprocess.run(command + [part for field in fields for part in ("-e", field)], capture_output=True, text=True).stdout
    found = set()
    for line in lines.splitlines():
        host, *rest = line.split("\t")
        try:
            rest[-1] = bytes.fromhex(rest[-1].replace(":", "")).decode("utf-8", "replace")
        except (IndexError, ValueError):
            pass
        if any(value in part for part in rest for value in known):
            found.add(host)
    return found


def presidio(folder, _known):
    """The recognisers of Presidio that need no language model: numbers, addresses, cards, accounts."""
    try:
        from presidio_analyzer import predefined_recognizers as all_of
    except ImportError:
        return None
    recognisers = [all_of.PhoneRecognizer(supported_regions=("DE", "AT", "CH", "FR", "GB", "US")), all_of.EmailRecognizer()]
    found = set()
    for host, text in requests_of(folder):
        text = text.split("\n", 1)[1]
        if any(r.analyze(text=text, entities=r.supported_entities, nlp_artifacts=None) for r in recognisers):
            found.add(host)
    return found


def table(folder):
    planted = json.loads((folder / "planted.json").read_text())
    known = [line for line in (folder / "known.txt").read_text().splitlines() if line]
    leaks = {case["host"] for case in planted if case["label"] == "known"}
    ours = {case["host"] for case in planted if case["found"]}
    rows = [("phonehome", ours)]
    for name, peer in [("substring method (OWASP MASTG)", mastg), ("tshark \\| grep -F", tshark_grep), ("Presidio", presidio)]:
        found = peer(folder, known)
        if found is None:
            print(f"{name}: not installed, left out", file=sys.stderr)
        else:
            rows.append((name, found))
    print(f"{len(leaks)} of {len(planted)} hosts got a known value\n\n| tool | found | false | recall | precision |\n| --- | ---: | ---: | ---: | ---: |")
    for name, found in rows:
        right, wrong = len(found & leaks), len(found - leaks)
        print(f"| {name} | {right} | {wrong} | {100 * right / len(leaks):.1f} % | {100 * right / max(1, right + wrong):.1f} % |")
    for name, found in rows[1:]:
        lost = sorted(found & leaks - ours)
        print(f"\nfound by {name} and not by phonehome: {', '.join(lost) or 'none'}")


def trackhar(har, phonehome):
    if not shutil.which("node"):
        sys.exit("node is not installed")
    run = subprocess.run(["node", str(HERE / "trackhar.mjs"), har], capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"TrackHAR is not installed (npm install trackhar): {run.stderr.strip().splitlines()[-1:]}")
    rules = tomllib.loads((HERE.parents[2] / "rules/payloads.toml").read_text())
    identifier = {p["id"]: p.get("identifier") for p in rules["property"]}
    report = json.loads(subprocess.run([phonehome, "audit", har, "-f", "json", "-q"], capture_output=True, text=True, check=True).stdout)
    ours = collections.defaultdict(set)
    for device in report["devices"]:
        for app in device["apps"]:
            for finding in app["findings"]:
                ours[finding["recipient"]["host"]].add(finding["rule"])
    values = lost = impersonal = 0
    for line in run.stdout.splitlines():
        request = json.loads(line)
        for value in request["values"]:
            name = "".join("-" + c.lower() if c.isupper() else c for c in value["property"])
            wanted = identifier.get(name)
            if wanted is None:
                impersonal += 1
                continue
            values += 1
            if wanted not in ours[request["host"]]:
                lost += 1
                print(f'not found: {request["host"]} {value["adapter"]} {value["property"]}')
    print(f"{values} values about a person or device by TrackHAR, {values - lost} of them by phonehome; {impersonal} more say nothing about either (ids of apps and SDKs)")


if __name__ == "__main__":
    if sys.argv[1] == "--trackhar":
        trackhar(*sys.argv[2:4])
    else:
        table(pathlib.Path(sys.argv[1]))
