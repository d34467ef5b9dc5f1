/** Names in lower case, as Node provides them. */
export type HeaderBag = Readonly<Record<string, string | string[] | undefined>>;

/** The headers to send with the signed message. */
export type SignedHeaders = Record<string, string> & {
  readonly 'content-digest': string;
  readonly 'signature-input': string;
  readonly signature: string;
};

export interface Answer {
  readonly status: number;
  /** The exact bytes on the wire. Sign after serialising, and do not compress a signed response. */
  readonly body: Buffer | string;
}

/** Signs a response to a caller, with the key that the caller used. */
export type AnswerSigner = (answer: Answer) => SignedHeaders;
