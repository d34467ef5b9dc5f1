/** Returned by a handler that has itself sent its response: a signed response, a stream or a redirect. */
export class Sent<Answer> {
  // Makes `Sent<A>` and `Sent<B>` incompatible types.
  declare private readonly answer: Answer;
}
