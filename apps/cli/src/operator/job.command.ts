import { followJob } from './follow-job';
import { SUBJECTS } from './operations/operation';
import { type OperatorCommand } from './operator-command';

export const JOB: OperatorCommand = {
  name: 'job',
  group: 'Jobs',
  summary: 'Watch the steps of a job until it finishes',
  about:
    'Watches the steps of a job until it finishes. Ctrl-C stops watching, not the job. Exits with 0 only ' +
    'if the job succeeded.',
  operand: SUBJECTS.job,
  examples: ['job 01a210e2-8123-7d3a-8795-a7a5f3cd6203'],
  options: [],
  run: (call) => followJob(call, { id: call.operand, goal: 'succeeded' }),
};
