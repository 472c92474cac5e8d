import { makeProblem, PROBLEM_STATUS, problemSchema } from './problem.js';
import type { ProblemCode } from './problem.js';

describe('makeProblem', () => {
  it.each(Object.keys(PROBLEM_STATUS) as ProblemCode[])(
    'makes a problem of %s that its schema accepts',
    (code) => {
      const problem = makeProblem(code, 'it happened', 'request-1');
      expect(problemSchema.parse(problem)).toEqual(problem);
      expect(problem).toMatchObject({ code, status: PROBLEM_STATUS[code], requestId: 'request-1' });
      expect(problem.type).toMatch(/^urn:tidewheel:problem:[a-z-]+$/);
      expect(problem.title).not.toBe('');
    },
  );

  it('names the first field and tells at most twenty faults', () => {
    const faults = Array.from({ length: 50 }, (_, index) => ({ field: `f${index}`, reason: 'is wrong' }));
    const problem = makeProblem('INVALID_ARGUMENT', 'f0: is wrong', 'r', faults);
    expect(problem.field).toBe('f0');
    expect(problem.errors).toHaveLength(20);
  });
});
