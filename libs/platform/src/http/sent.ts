/** Returned by a handler that has sent its response itself, because it is signed, a stream or a redirect. */
export class Sent<Answer> {
  // Makes `Sent<A>` and `Sent<B>` incompatible types.
  declare private readonly answer: Answer;
}
