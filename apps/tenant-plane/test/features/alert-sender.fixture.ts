import { type DataSourceWithKeyView } from '@atlas/tenant-api/data-sources';
import { type AlertView, type ReceiptView } from '@atlas/tenant-api/alerts';
import { type IncidentView } from '@atlas/tenant-api/incidents';
import { type CallOptions, type TestTenantPlane } from '../tenant-plane.fixture';

interface SentAlert {
  readonly name?: string;
  readonly fingerprint?: string;
  readonly status?: 'firing' | 'resolved';
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A data source of a tenant, and a program that sends alerts with its key. */
export class AlertSender {
  private constructor(
    private readonly plane: TestTenantPlane,
    private readonly admin: CallOptions,
    readonly source: DataSourceWithKeyView,
  ) {}

  static async create(plane: TestTenantPlane, admin: CallOptions, fields: object = {}): Promise<AlertSender> {
    const body = { name: 'Monitoring', kind: 'generic', ...fields };
    const { body: source } = await plane.post('/api/data-sources', body, admin).expect(201);
    return new AlertSender(plane, admin, source);
  }

  get path(): string {
    return new URL(this.source.ingest_url).pathname;
  }

  /** Sends alerts, each firing and named `DiskFull` unless it says otherwise. */
  send(...alerts: readonly SentAlert[]) {
    return this.plane.post(this.path, { alerts: alerts.map(alertBody) });
  }

  async receipt(...alerts: readonly SentAlert[]): Promise<ReceiptView> {
    return (await this.send(...alerts).expect(202)).body;
  }

  async alerts(query = ''): Promise<AlertView[]> {
    return (await this.plane.get(`/api/alerts${query}`, this.admin).expect(200)).body.items;
  }

  /** Newest first. */
  async incidents(): Promise<IncidentView[]> {
    return (await this.plane.get('/api/incidents', this.admin).expect(200)).body.items;
  }
}

function alertBody({ name = 'DiskFull', labels = {}, status = 'firing', ...rest }: SentAlert): object {
  return { status, labels: { alertname: name, ...labels }, ...rest };
}
