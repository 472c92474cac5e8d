import { describeEngine } from '../test-deployment.fixture.js';
import { activityHistories } from './activity-histories.fixture.js';
import { expectedLines, historyLines } from './history-lines.fixture.js';
import { runHistories } from './run-histories.fixture.js';
import { workflowTaskHistories } from './workflow-task-histories.fixture.js';

describeEngine('the history of', (deployment) => {
  it.each([...activityHistories, ...workflowTaskHistories, ...runHistories])('$name', async (scenario) => {
    const run = await scenario.play(deployment());
    expect(historyLines(await run.history())).toEqual(expectedLines(scenario));
  });
});
