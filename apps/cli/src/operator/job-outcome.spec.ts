import { jobView, stepView } from '../../test/views.fixture';
import { outcomeText } from './job-outcome';

describe(outcomeText.name, () => {
  it('says how long it took', () => {
    const job = jobView({ status: 'succeeded', finished_at: '2026-01-01T00:00:01.500Z' });
    expect(outcomeText(job)).toBe('provision succeeded after 1.5 s.\n');
  });

  it('says where it failed, of what, and the commands for going on and for going back', () => {
    const error = {
      ...{ code: 'enrolment_overdue', detail: 'The token expired.', class: 'operator' },
      fix: 'Operator: issue a new one.',
    };
    const steps = [stepView(), stepView({ name: 'await-enrolment', status: 'failed', error })];
    expect(outcomeText(jobView({ status: 'failed', steps, error }))).toBe(
      `provision failed at await-enrolment.
  enrolment_overdue (operator): The token expired.
  Operator: issue a new one.
Once that is fixed, go on from there: atlas retry job-1
Or undo what was done: atlas rollback job-1
`,
    );
  });

  it('says that all is undone, and why', () => {
    const error = { code: 'no_tenant_plane', detail: 'There is none.', class: 'fatal', fix: 'Ask again.' };
    const steps = [stepView({ status: 'undone' }), stepView({ name: 'activate', status: 'skipped' })];
    expect(outcomeText(jobView({ status: 'cancelled', steps, error }))).toBe(
      'provision cancelled.\n  no_tenant_plane (fatal): There is none.\n  Ask again.\nAll is undone.\n',
    );
  });
});
