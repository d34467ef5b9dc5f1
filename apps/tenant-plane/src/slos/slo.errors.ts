import { DomainError } from '@atlas/platform';
import { type Slo } from './slo.entity';

export function sloNotFound(): DomainError {
  return new DomainError('slo_not_found', 'not_found', 'There is no such SLO.');
}

export function indicatorKindFixed({ indicator: { kind } }: Slo): DomainError {
  const detail = `The indicator of this SLO is of the kind ${kind}. Create another SLO for another kind.`;
  return new DomainError('indicator_kind_fixed', 'unprocessable', detail);
}

export function eventsNotAccepted(): DomainError {
  const detail = 'Prometheus counts the events of this SLO, so a request cannot add any.';
  return new DomainError('events_not_accepted', 'unprocessable', detail);
}

export function eventsOutOfWindow({ windowDays }: Slo): DomainError {
  const detail =
    `at must be within the last ${windowDays} days, which is the window of this SLO, and not in the ` +
    'future.';
  return new DomainError('events_out_of_window', 'unprocessable', detail);
}
