"""A workflow in Python: greets somebody, in an activity. Reads the history, and answers what is to be done next."""
from worker import IDENTITY, call, work

def command(kind, **attributes):
    return {"commandType": kind, "attributes": attributes}

def greeting(history):
    """What the workflow decides, from what has happened so far: the same for the same history, whenever it is asked."""
    happened = {event["eventType"]: event["attributes"] for event in history}
    if "ActivityTaskCompleted" in happened:
        return [command("CompleteWorkflowExecution", result=happened["ActivityTaskCompleted"]["result"][0])]
    for outcome in ("ActivityTaskFailed", "ActivityTaskTimedOut"):
        if outcome in happened:
            return [command("FailWorkflowExecution", failure=happened[outcome]["failure"])]
    if "ActivityTaskScheduled" in happened:
        return []
    name = happened["WorkflowExecutionStarted"]["input"]
    return [command("ScheduleActivityTask", activityId="1", activityType="greet", input=name, startToCloseTimeout="10s")]

def decide(task):
    call("workflow-task-complete", taskToken=task["taskToken"], identity=IDENTITY, commands=greeting(task["history"]["events"]))

if __name__ == "__main__":
    work("workflow-task-poll", decide, taskQueue="python", workflowTypes=["greeting"])
