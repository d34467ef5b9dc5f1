/** The Control Plane answered with a refusal. */
export class ControlPlaneRefused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    /** The value of the header. */
    readonly retryAfter: string | null = null,
  ) {
    super(detail);
    this.name = 'ControlPlaneRefused';
  }

  /** The `Retry-After` of the answer, in milliseconds; 0 unless it is given in seconds. */
  get retryAfterMs(): number {
    return /^\d+$/.test(this.retryAfter ?? '') ? Number(this.retryAfter) * 1000 : 0;
  }
}

/** No answer, or none that can be trusted. */
export class ControlPlaneUnreachable extends Error {
  constructor(detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.name = 'ControlPlaneUnreachable';
  }
}

/** An answer came, but from someone who does not share our secret, or altered on its way. */
export class AnswerNotTrusted extends ControlPlaneUnreachable {}
