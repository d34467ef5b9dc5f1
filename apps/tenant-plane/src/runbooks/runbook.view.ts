import { type RunbookSummaryView, type RunbookView } from '@atlas/tenant-api/runbooks';
import { type RunbookVersion } from './runbook-version.entity';
import { type Runbook } from './runbook.entity';

export function runbookView(runbook: Runbook, version: RunbookVersion): RunbookView {
  const { parameters, steps } = version.definition;
  return {
    ...summaryView(runbook, version),
    parameters,
    steps: steps.map(({ config, ...step }) => ({ ...step, config: { ...config } })),
  };
}

export function summaryView(
  { id, createdAt, archivedAt }: Runbook,
  { version, definition: { name, description }, createdAt: updatedAt }: RunbookVersion,
): RunbookSummaryView {
  return {
    id,
    name,
    description,
    version,
    created_at: createdAt,
    updated_at: updatedAt,
    archived_at: archivedAt,
  };
}
