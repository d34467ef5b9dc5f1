import { Reportable } from '../plane-identity/reportable';

/** The Control Plane refused the call. */
export class ControlPlaneRefused extends Reportable {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    /** The value of the `Retry-After` header. */
    readonly retryAfter: string | null = null,
  ) {
    super(detail);
    this.name = 'ControlPlaneRefused';
  }

  /** The `Retry-After` header in milliseconds; 0 unless it is given in seconds. */
  get retryAfterMs(): number {
    return /^\d+$/.test(this.retryAfter ?? '') ? Number(this.retryAfter) * 1000 : 0;
  }
}

/** There was no response, or none that can be trusted. */
export class ControlPlaneUnreachable extends Reportable {
  constructor(detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.name = 'ControlPlaneUnreachable';
  }
}

/** There was a response, but it was altered in transit, or its sender did not have our secret. */
export class AnswerNotTrusted extends ControlPlaneUnreachable {}
