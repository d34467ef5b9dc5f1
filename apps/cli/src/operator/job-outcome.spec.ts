import { jobView, stepView } from '../../test/views.fixture';
import { failureJson, failureText } from '../failure-text';
import { outcomeText, unexpectedEnd } from './job-outcome';

describe(outcomeText.name, () => {
  it('says how long a job took', () => {
    const job = jobView({ status: 'succeeded', finished_at: '2026-01-01T00:00:01.500Z' });
    expect(outcomeText(job)).toBe('provision succeeded after 1.5 s.\n');
  });
});

describe(unexpectedEnd.name, () => {
  const error = {
    code: 'enrolment_overdue',
    detail: 'The token expired.',
    class: 'operator',
    fix: 'Operator: issue a new one.',
  } as const;
  const steps = [stepView(), stepView({ name: 'await-enrolment', status: 'failed', error })];
  const failed = jobView({ status: 'failed', steps, error });

  it('says where and why a job failed, and how to resume or undo it', () => {
    expect(failureText(unexpectedEnd(failed))).toBe(
      `provision failed at await-enrolment.
  enrolment_overdue (operator): The token expired.
  Operator: issue a new one.
Once the cause is fixed, resume it: atlas retry job-1
Or undo what was done: atlas rollback job-1
`,
    );
  });

  it('includes the id, status and error of the job in the JSON output', () => {
    expect(JSON.parse(failureJson(unexpectedEnd(failed)))).toMatchObject({
      code: 'enrolment_overdue',
      job_id: 'job-1',
      status: 'failed',
      error,
    });
  });

  it('says why a job was cancelled, and that everything was undone', () => {
    const fatal = {
      code: 'no_tenant_plane',
      detail: 'There is none.',
      class: 'fatal',
      fix: 'Ask again.',
    } as const;
    const undone = [stepView({ status: 'undone' }), stepView({ name: 'activate', status: 'skipped' })];
    const job = jobView({ status: 'cancelled', steps: undone, error: fatal });
    expect(failureText(unexpectedEnd(job))).toBe(
      'provision cancelled.\n  no_tenant_plane (fatal): There is none.\n  Ask again.\nEverything was ' +
        'undone.\n',
    );
  });
});
