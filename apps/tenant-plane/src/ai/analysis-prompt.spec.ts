import { type IncidentView } from '@atlas/tenant-api/incidents';
import { analysisPrompt } from './analysis-prompt';

const INCIDENT: IncidentView = {
  id: 'an-id',
  number: 'INC-00000001',
  title: 'Disk full',
  description: null,
  severity: 'P2',
  status: 'open',
  source: 'manual',
  created_by: 'a-user',
  assignee_id: 'a-user',
  ci_ids: ['an-item'],
  alert_count: 0,
  created_at: new Date(0),
  updated_at: new Date(0),
  acknowledged_at: null,
  resolved_at: null,
  closed_at: null,
  resolution_notes: null,
  root_cause: null,
  sla: null,
};
const prompted = (description: string): Record<string, unknown> =>
  JSON.parse(analysisPrompt({ ...INCIDENT, description })[1]?.content ?? '');

describe('the analysis prompt', () => {
  it('contains the facts about the incident, but no names of people and no IDs', () => {
    expect(prompted('df says 100 %')).toEqual({
      title: 'Disk full',
      description: 'df says 100 %',
      severity: 'P2',
      status: 'open',
      created_at: '1970-01-01T00:00:00.000Z',
    });
  });

  it.each([
    ['password=hunter2-x', 'password=[redacted]'],
    ['{"api_key": "hunter2-x"}', '{"api_key": "[redacted]"}'],
    ['Authorization: Bearer hunter2-xyz', 'Authorization: Bearer [redacted]'],
    ['postgres://app:hunter2-x@db/app', 'postgres://[redacted]@db/app'],
    ['the key sk-hunter2-xhunter2-x was used', 'the key [redacted] was used'],
    [`ats_${'hunter2'.repeat(3)} leaked`, '[redacted] leaked'],
    ['-----BEGIN PRIVATE KEY-----\nhunter2-x\n-----END PRIVATE KEY-----', '[redacted]'],
    ['-----BEGIN PRIVATE KEY-----\nhunter2-x, cut', '[redacted]'],
    ['a token of respect: the tokens were gone', 'a token of respect: the tokens were gone'],
  ])('redacts secrets and nothing else in the description: %s', (description, expected) => {
    expect(prompted(description)).toMatchObject({ description: expected });
  });

  it('redacts secrets in the title', () => {
    const [, message] = analysisPrompt({ ...INCIDENT, title: 'login with password: hunter2-x fails' });
    expect(message?.content).not.toContain('hunter2-x');
  });
});
