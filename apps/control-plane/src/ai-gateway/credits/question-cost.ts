import { type ChatCompletionRequest } from '@atlas/plane-contract';
import { type Spent } from './ai-credits';
import { type TokenCounts, estimateOf } from './token-counts';

/** What is known about the use of tokens once some of an answer has arrived. */
export interface Heard {
  readonly textBytes: number;
  /** What the provider says has been used so far. */
  readonly usage: TokenCounts | null;
  /** The provider works on the question, and may still count more. */
  readonly isSign?: boolean;
}

interface Attempt {
  readonly usage: TokenCounts | null;
  readonly isCounted: boolean;
  /** The text that arrived after the provider last said what has been used. */
  readonly bytesSince: number;
}

const NOTHING_HEARD: Attempt = { usage: null, isCounted: false, bytesSince: 0 };

/**
 * What a question costs its tenant: only the last attempt that a provider may charge for, however many
 * providers were asked.
 */
export class QuestionCost {
  private last: Attempt | null = null;

  constructor(
    private readonly request: ChatCompletionRequest,
    /** The most tokens that a model may use for thinking, in addition to the limit of the question. */
    private readonly reasoning: number,
  ) {}

  /** A provider is being asked. Call the result if it turns out that it cannot charge for that. */
  asked(): () => void {
    const before = this.last;
    this.last = NOTHING_HEARD;
    return () => void (this.last = before);
  }

  heard({ textBytes, usage, isSign = false }: Heard): void {
    if (usage) this.last = { usage, isCounted: !isSign, bytesSince: 0 };
    else if (this.last) this.last = { ...this.last, bytesSince: this.last.bytesSince + textBytes };
  }

  /** Null if no provider can charge for the question. */
  get spent(): Spent | null {
    if (!this.last) return null;
    const { usage, isCounted, bytesSince } = this.last;
    if (usage && isCounted && bytesSince === 0) return { ...usage, isEstimated: false };
    const { prompt, completion } = estimateOf(this.request, bytesSince, isCounted ? 0 : this.reasoning);
    return {
      prompt: usage?.prompt ?? prompt,
      completion: (usage?.completion ?? 0) + completion,
      isEstimated: true,
    };
  }
}
