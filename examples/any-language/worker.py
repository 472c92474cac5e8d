"""A worker in Python, with nothing but its standard library: activities with heartbeats, cancellation and retries."""
import json, os, signal, socket, time, urllib.error, urllib.request

API = os.environ.get("TIDEWHEEL_URL", "http://127.0.0.1:7243") + "/api/v1/namespaces/default/"
IDENTITY = f"{os.getpid()}@{socket.gethostname()}"

class Refused(Exception): pass
class Cancelled(Exception): pass

def call(route, **body):
    request = urllib.request.Request(API + route, json.dumps(body).encode(), {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=90) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise Refused(json.load(error)["detail"]) from None

def greet(task, name):
    return f"Hello, {name}!"

def count(task, upto):
    """Says how far it is, goes on where the attempt before it was, and stops when it is asked to."""
    for n in range(task.get("heartbeatDetails", [0])[0], upto):
        if call("activity-heartbeat", taskToken=task["taskToken"], details=[n])["cancelRequested"]:
            raise Cancelled
        time.sleep(0.1)
    return upto

ACTIVITIES = {"greet": greet, "count": count}

def run(task):
    report = {"taskToken": task["taskToken"], "identity": IDENTITY}
    try:
        call("activity-complete", result=ACTIVITIES[task["activityType"]](task, *task["input"]), **report)
    except Cancelled:
        call("activity-resolve-as-canceled", **report)
    except Refused as refused:
        print("the attempt was given up:", refused, flush=True)
    except Exception as error:
        failure = {"message": str(error), "applicationFailureInfo": {"type": type(error).__name__}}
        call("activity-fail", failure=failure, **report)

def work(poll, do, **registration):
    worker = call("workers", identity=IDENTITY, **registration)["workerToken"]
    stopping = []
    def stop(*_):  # Ends the poll under way; a task that runs may end.
        stopping.append(True)
        call("workers/shutdown", workerToken=worker)
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print("waiting for tasks", flush=True)
    while not stopping:
        task = call(poll, workerToken=worker, wait="30s")
        if task and stopping:  # Came while it was asked to stop, and is not begun: another worker gets it.
            call("workers/shutdown", workerToken=worker, taskTokens=[task["taskToken"]])
        elif task:
            do(task)
    print("stopped", flush=True)

if __name__ == "__main__":
    work("activity-poll", run, taskQueue="python", activityTypes=list(ACTIVITIES))
