import { type Operation } from './operation';

const group = 'Jobs';
const JOB = '01a210e2-8123-7d3a-8795-a7a5f3cd6203';

export const JOB_OPERATIONS: readonly Operation[] = [
  {
    name: 'retry',
    group,
    summary: 'Resume a job from the step that failed',
    examples: [`retry ${JOB}`],
    subject: 'job',
    operation: 'POST /api/provisioning-jobs/:id/retry',
    options: [],
  },
  {
    name: 'cancel',
    group,
    summary: 'Stop a job; a move is also rolled back',
    examples: [`cancel ${JOB}`],
    subject: 'job',
    operation: 'POST /api/provisioning-jobs/:id/cancel',
    goal: 'cancelled',
    options: [],
  },
  {
    name: 'rollback',
    group,
    summary: 'Undo what a job has done, in reverse order',
    examples: [`rollback ${JOB}`],
    subject: 'job',
    operation: 'POST /api/provisioning-jobs/:id/rollback',
    goal: 'cancelled',
    options: [],
  },
];
