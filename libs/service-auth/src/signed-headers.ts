/** Names in lower case, as Node gives them. */
export type HeaderBag = Readonly<Record<string, string | string[] | undefined>>;

/** What to send with the message that was signed. */
export type SignedHeaders = Record<string, string> & {
  readonly 'content-digest': string;
  readonly 'signature-input': string;
  readonly signature: string;
};

export interface Answer {
  readonly status: number;
  /** As it goes over the wire: sign after serialising, and do not compress a signed answer. */
  readonly body: Buffer | string;
}

/** Signs what is sent back to a caller, with the key that caller used. */
export type AnswerSigner = (answer: Answer) => SignedHeaders;
