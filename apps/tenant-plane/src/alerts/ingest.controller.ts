import { DomainError, ApiTags, servesOf } from '@atlas/platform';
import {
  type AlertsApi,
  AlertmanagerWebhookDto,
  GenericAlertsDto,
  type ReceiptView,
} from '@atlas/tenant-api/alerts';
import { Body, Controller, HttpCode } from '@nestjs/common';
import { WithKeyOf } from '../access/requires';
import { type ClaimedKey, CurrentKey } from '../access/tenant-request';
import { Intake } from './intake';
import { alertsOfAlertmanager, genericAlerts } from './received-alerts';

const Serves = servesOf<AlertsApi>();

/** A response of 202 means that the alerts are stored. */
@ApiTags('alerts')
@WithKeyOf('dataSource')
@Controller()
export class IngestController {
  constructor(private readonly intake: Intake) {}

  /** Alertmanager sends alerts again only after a response of 5xx. */
  @Serves('POST /api/ingest/alertmanager/:key')
  @HttpCode(202)
  alertmanager(@CurrentKey() key: ClaimedKey, @Body() dto: AlertmanagerWebhookDto): Promise<ReceiptView> {
    return this.intake
      .receive(key, 'alertmanager', (now) => alertsOfAlertmanager(dto, now))
      .catch(refusedAs('unavailable'));
  }

  @Serves('POST /api/ingest/generic/:key')
  @HttpCode(202)
  generic(@CurrentKey() key: ClaimedKey, @Body() dto: GenericAlertsDto): Promise<ReceiptView> {
    return this.intake.receive(key, 'generic', (now) => genericAlerts(dto, now)).catch(refusedAs('too_many'));
  }
}

/** The refusals that end by themselves. */
const TEMPORARY = ['too_many_attempts', 'tenant_frozen'];

function refusedAs(kind: 'unavailable' | 'too_many'): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof DomainError) || !TEMPORARY.includes(error.code)) throw error;
    throw new DomainError(error.code, kind, error.message, {}, error.headers);
  };
}
