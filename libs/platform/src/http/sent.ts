/** An answer that its handler has sent, because it is signed, streamed or a redirect. */
export class Sent<Answer> {
  // Keeps `Sent<A>` and `Sent<B>` apart.
  declare private readonly answer: Answer;
}
