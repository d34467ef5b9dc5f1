/** The Control Plane answered, and said no. */
export class ControlPlaneRefused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    /** As it came in the header. */
    readonly retryAfter: string | null = null,
  ) {
    super(detail);
    this.name = 'ControlPlaneRefused';
  }

  /** For how long the Control Plane wants to be left alone; 0 if it does not say so in seconds. */
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

/** An answer came, but not from who shares our secret, or not as it was sent. */
export class AnswerNotTrusted extends ControlPlaneUnreachable {}
