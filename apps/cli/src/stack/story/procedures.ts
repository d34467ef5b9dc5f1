import { type Risk, type StepKind } from '@atlas/tenant-api/runbooks';

interface StoryRunbook {
  readonly name: string;
  readonly description: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly required: boolean;
    readonly pattern: string;
  }[];
  readonly steps: readonly StoryStep[];
}

interface StoryStep {
  readonly name: string;
  readonly kind: StepKind;
  readonly risk: Risk;
  readonly config: Readonly<Record<string, unknown>>;
  readonly agent_selector?: Readonly<Record<string, string>>;
  readonly timeout_seconds?: number;
}

export interface StoryRun {
  readonly runbook: StoryRunbook;
  /** The service whose incident the run belongs to. */
  readonly service: string;
  readonly parameters: Readonly<Record<string, string>>;
  /**
   * If not, the run is left waiting for approval. Its step has a high risk, so the only admin, who has
   * requested it, cannot approve it. An approved step would stay queued, because no agent runs in the demo.
   */
  readonly isFinished: boolean;
  readonly approvalNote?: string;
  readonly completionNote?: string;
  /** What the agent reports for a shell step. */
  readonly output?: string;
}

const SITE = { site: 'fra-1' };

export const AGENT = { name: 'ops-runner-1', labels: SITE } as const;

const RETURN_WEB_SERVER: StoryRunbook = {
  name: 'Return a web server to service',
  description: 'After a crash or maintenance of a web server. Takes about ten minutes.',
  parameters: [{ name: 'host', required: true, pattern: 'web-[0-9]+' }],
  steps: [
    {
      name: 'Drain it',
      kind: 'manual',
      risk: 'low',
      config: {
        instructions:
          'On lb-1, set {{host}} to "drain" in the backend "shop". Continue once it has no sessions left.',
      },
    },
    {
      name: 'Restart nginx',
      kind: 'shell',
      risk: 'medium',
      agent_selector: SITE,
      timeout_seconds: 120,
      config: { command: '/usr/local/bin/restart-nginx', args: ['{{host}}'] },
    },
    {
      name: 'Return it',
      kind: 'manual',
      risk: 'low',
      config: {
        instructions:
          'Open https://shop.example.com through {{host}}. If it works, set {{host}} to "ready" on lb-1.',
      },
    },
  ],
};

const RESTART_CONSUMERS: StoryRunbook = {
  name: 'Restart the order consumers',
  description:
    'When consumers of orders.confirmed do not reconnect. No order is lost: messages stay in the queue.',
  parameters: [],
  steps: [
    {
      name: 'Restart the consumers',
      kind: 'shell',
      risk: 'high',
      agent_selector: SITE,
      timeout_seconds: 300,
      config: { command: '/usr/local/bin/restart-consumers', args: ['orders.confirmed'] },
    },
    {
      name: 'Check the backlog',
      kind: 'manual',
      risk: 'low',
      config: {
        instructions: 'Four consumers are connected, and the backlog shrinks by 500 messages a minute.',
      },
    },
  ],
};

export const RUNS: readonly StoryRun[] = [
  {
    runbook: RETURN_WEB_SERVER,
    service: 'web',
    parameters: { host: 'web-2' },
    isFinished: true,
    approvalNote: 'web-2 has no sessions left, so a restart disturbs nobody.',
    completionNote: 'Checked with the browser.',
    output:
      'web-2: nginx: configuration file /etc/nginx/nginx.conf test is successful\n' +
      'web-2: nginx restarted, 8 worker processes\n',
  },
  {
    runbook: RESTART_CONSUMERS,
    service: 'orders',
    parameters: {},
    isFinished: false,
  },
];
