import { randomUUID } from 'node:crypto';
import { type EnrolRequest, PLANE_PATHS } from '@atlas/plane-contract';
import { type RequestToSign, keyIdOf, signRequest } from '@atlas/service-auth';
import { type Answer, type InstallView, request } from '@atlas/testing';

export interface SignedRequest {
  readonly method: string;
  readonly target: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A tenant plane's side of the protocol, for calls that no honest plane would make. */
export class SignedPlane {
  readonly instanceId = randomUUID();

  constructor(
    /** The Control Plane's public URL, which the signature covers. */
    readonly publicUrl: string,
    private readonly install: InstallView,
    /** The secret with which the plane signs. */
    public secret = install.env['INTERNAL_SERVICE_SECRET'] ?? '',
  ) {}

  /** `signed` contains the values that the signature covers instead of the request's own values. */
  sign(method: string, target: string, body = '', signed: Partial<RequestToSign> = {}): SignedRequest {
    const { secret } = this;
    const request = { method, url: new URL(target, this.publicUrl), body, now: new Date() };
    const headers = signRequest({ ...request, keyId: keyIdOf(secret), secret, ...signed });
    return { method, target, body, headers };
  }

  enrolBody(): EnrolRequest {
    return {
      token: this.install.token,
      instance_id: this.instanceId,
      version: '0.1.0',
      database: { driver: 'sqlite' },
      capabilities: [],
      public_key: { kty: 'OKP', crv: 'X25519', x: 'A'.repeat(43) },
    };
  }

  /** Enrols with the process at the given URL. */
  enrol(processUrl: string, instanceId = this.instanceId): Promise<Answer<EnrolView>> {
    const body = JSON.stringify({ ...this.enrolBody(), instance_id: instanceId });
    return send<EnrolView>(processUrl, this.sign('POST', PLANE_PATHS.enrol, body));
  }
}

export interface EnrolView {
  readonly tenant_plane_id: string;
  readonly code?: string;
  readonly desired_state: { readonly revision: string };
}

/** Sends a signed request unchanged to a process. */
export function send<T = Record<string, unknown>>(
  processUrl: string,
  signed: SignedRequest,
): Promise<Answer<T>> {
  const { method, target, body, headers } = signed;
  return request<T>(`${processUrl}${target}`, { method, headers, ...(body !== '' && { body }) });
}
