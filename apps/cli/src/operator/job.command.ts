import { followJob } from './follow-job';
import { type OperatorCommand } from './operator-command';

export const JOB: OperatorCommand = {
  name: 'job',
  summary: "watch a job's steps until it ends",
  about: `Watches the steps of a job until it ends. Ctrl-C stops watching only. Exit code 0 when it has succeeded, 1 otherwise.`,
  operand: 'job',
  options: [],
  run: (call) => followJob(call, { id: call.operand, goal: 'succeeded' }),
};
