import { Button, Checkbox, Group, Input, Radio, Select, Stack, Text, TextInput } from '@mantine/core';
import { AgentMatch } from './agent-match';
import { ApprovalText } from './approval-text';
import { type BodyKind, type StepDraft, newPair } from './draft';
import { type Problems } from './draft-problems';
import { ParameterText } from './insert-parameter';
import { PairsField } from './pairs-field';
import { HTTP_METHODS, KIND_TEXTS, RISKS, STEP_KINDS } from './runbook';

interface StepFieldsProps {
  readonly step: StepDraft;
  readonly onChange: (change: Partial<StepDraft>) => void;
  /** Where the step is, such as `steps.0`. */
  readonly place: string;
  readonly problems: Problems;
  /** The names of the parameters. */
  readonly parameters: readonly string[];
}

/** Everything about one step. */
export function StepFields(props: StepFieldsProps) {
  const { step, onChange, place, problems } = props;
  return (
    <Stack gap="sm">
      <Group align="flex-start" grow preventGrowOverflow={false}>
        <TextInput
          label="Name"
          required
          maxLength={100}
          miw={200}
          placeholder="Restart the web server"
          value={step.name}
          onChange={(event) => onChange({ name: event.currentTarget.value })}
          error={problems[`${place}.name`]}
        />
        <Select
          label="Kind"
          allowDeselect={false}
          miw={200}
          data={STEP_KINDS.map((value) => ({ value, label: KIND_TEXTS[value] }))}
          value={step.kind}
          onChange={(value) => {
            const kind = STEP_KINDS.find((one) => one === value);
            if (kind) onChange({ kind });
          }}
          error={problems[`${place}.kind`]}
        />
        <Select
          label="Risk"
          allowDeselect={false}
          miw={140}
          data={[...RISKS]}
          value={step.risk}
          onChange={(value) => {
            const risk = RISKS.find((one) => one === value);
            if (risk) onChange({ risk });
          }}
          error={problems[`${place}.risk`]}
          description={<ApprovalText kind={step.kind} risk={step.risk} />}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
        />
      </Group>
      {step.kind === 'manual' && <ManualFields {...props} />}
      {step.kind === 'http' && <HttpFields {...props} />}
      {step.kind === 'shell' && <ShellFields {...props} />}
      {step.kind !== 'manual' && <EndFields {...props} />}
      {problems[`${place}.config`] !== undefined && <Input.Error>{problems[`${place}.config`]}</Input.Error>}
    </Stack>
  );
}

function ManualFields({ step, onChange, place, problems, parameters }: StepFieldsProps) {
  return (
    <ParameterText
      label="Instructions"
      description="What to do, and how to see that it worked."
      isLong
      maxLength={10_000}
      value={step.instructions}
      onChange={(instructions) => onChange({ instructions })}
      error={problems[`${place}.config.instructions`]}
      parameters={parameters}
    />
  );
}

const BODY_KINDS: readonly { readonly value: BodyKind; readonly label: string }[] = [
  { value: 'none', label: 'None' },
  { value: 'json', label: 'JSON' },
  { value: 'text', label: 'Text' },
];

function HttpFields({ step, onChange, place, problems, parameters }: StepFieldsProps) {
  const { method, url, headers, bodyKind, body, expected } = step;
  return (
    <>
      <Group align="flex-start" wrap="nowrap">
        <Select
          label="Method"
          w={110}
          flex="none"
          allowDeselect={false}
          data={[...HTTP_METHODS]}
          value={method}
          onChange={(value) => onChange({ method: HTTP_METHODS.find((one) => one === value) ?? 'GET' })}
        />
        <div style={{ flex: 1, minWidth: 0 }}>
          <ParameterText
            label="Address"
            required
            isCode
            maxLength={2000}
            placeholder="https://api.example.com/scale"
            value={url}
            onChange={(text) => onChange({ url: text })}
            error={problems[`${place}.config.url`]}
            parameters={parameters}
          />
        </div>
      </Group>
      <PairsField
        label="Headers"
        one="header"
        description="Headers with credentials, such as Authorization, are stored encrypted and never shown."
        areHeaders
        pairs={headers}
        onChange={(changed) => onChange({ headers: changed })}
        error={problems[`${place}.config.headers`]}
        parameters={parameters}
      />
      <Radio.Group
        label="Body"
        value={bodyKind}
        onChange={(value) =>
          onChange({ bodyKind: BODY_KINDS.find((one) => one.value === value)?.value ?? 'none' })
        }
      >
        <Group mt={4}>
          {BODY_KINDS.map(({ value, label }) => (
            <Radio key={value} value={value} label={label} />
          ))}
        </Group>
      </Radio.Group>
      {bodyKind !== 'none' && (
        <ParameterText
          label={bodyKind === 'json' ? 'JSON body' : 'Text body'}
          description={
            bodyKind === 'json'
              ? 'Parameters go into strings: {"host": "{{host}}"}'
              : 'A parameter may only be the whole text.'
          }
          isLong
          isCode
          value={body}
          onChange={(text) => onChange({ body: text })}
          error={problems[`${place}.config.body`]}
          parameters={parameters}
        />
      )}
      <TextInput
        label="Status that means success"
        description="Empty: any from 200 to 299."
        type="number"
        min={100}
        max={599}
        w={240}
        value={expected}
        onChange={(event) => onChange({ expected: event.currentTarget.value })}
        error={problems[`${place}.config.expect_status`]}
      />
    </>
  );
}

function ShellFields({ step, onChange, place, problems, parameters }: StepFieldsProps) {
  const { command, isShell, labels } = step;
  return (
    <>
      <Checkbox
        label="Run in a shell"
        description='Then the command may use pipes and the like. Arguments are "$1", "$2" in it.'
        checked={isShell}
        onChange={(event) => onChange({ isShell: event.currentTarget.checked })}
      />
      <ParameterText
        label="Command"
        required
        isCode
        isLong={isShell}
        maxLength={4000}
        description={
          isShell
            ? 'Without parameters: their values could change what runs. Pass them as arguments.'
            : 'The program, without its arguments and without parameters.'
        }
        placeholder={isShell ? 'tail -n 20 "$1" | grep -c error' : '/usr/bin/systemctl'}
        value={command}
        onChange={(text) => onChange({ command: text })}
        error={problems[`${place}.config.command`]}
      />
      <Arguments
        step={step}
        onChange={onChange}
        error={problems[`${place}.config.args`]}
        parameters={parameters}
      />
      <div>
        <PairsField
          label="Agents with these labels run it"
          one="label"
          description="Without labels, any agent runs it."
          pairs={labels}
          onChange={(changed) => onChange({ labels: changed })}
          error={problems[`${place}.agent_selector`]}
        />
        <AgentMatch labels={labels} />
      </div>
    </>
  );
}

interface ArgumentsProps {
  readonly step: StepDraft;
  readonly onChange: (change: Partial<StepDraft>) => void;
  readonly error?: string;
  readonly parameters: readonly string[];
}

function Arguments({ step: { args, isShell }, onChange, error, parameters }: ArgumentsProps) {
  return (
    <Input.Wrapper label="Arguments" error={error} labelElement="div">
      <Stack gap="xs" mt={4}>
        {args.map(({ key, value }, index) => {
          const place = `argument ${index + 1}`;
          return (
            <Group key={key} gap="xs" align="flex-start" wrap="nowrap">
              {isShell && (
                <Text size="sm" ff="monospace" w={36} pt={6}>
                  ${index + 1}
                </Text>
              )}
              <div style={{ flex: 1, minWidth: 0 }}>
                <ParameterText
                  ariaLabel={`Value of ${place}`}
                  isCode
                  maxLength={4000}
                  value={value}
                  onChange={(text) =>
                    onChange({ args: args.map((arg) => (arg.key === key ? { ...arg, value: text } : arg)) })
                  }
                  parameters={parameters}
                />
              </div>
              <Button
                variant="default"
                aria-label={`Remove ${place}`}
                onClick={() => onChange({ args: args.filter((arg) => arg.key !== key) })}
              >
                Remove
              </Button>
            </Group>
          );
        })}
        <Group>
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => onChange({ args: [...args, newPair()] })}
          >
            Add an argument
          </Button>
        </Group>
      </Stack>
    </Input.Wrapper>
  );
}

const LONGEST_SECONDS = 86_400;
/** Atlas sends the request itself, so it does not wait as long as an agent. */
const LONGEST_HTTP_SECONDS = 600;

function EndFields({ step, onChange, place, problems }: StepFieldsProps) {
  const longest = step.kind === 'http' ? LONGEST_HTTP_SECONDS : LONGEST_SECONDS;
  return (
    <Group align="flex-start">
      <TextInput
        label="Ends after (seconds)"
        description={`1 to ${longest}`}
        type="number"
        required
        min={1}
        max={longest}
        w={180}
        value={step.timeout}
        onChange={(event) => onChange({ timeout: event.currentTarget.value })}
        error={problems[`${place}.timeout_seconds`]}
      />
      <Radio.Group
        label="If it fails"
        value={step.onFailure}
        onChange={(value) => onChange({ onFailure: value === 'continue' ? 'continue' : 'stop' })}
        error={problems[`${place}.on_failure`]}
      >
        <Group mt="xs">
          <Radio value="stop" label="Stop the run" />
          <Radio value="continue" label="Go on with the next step" />
        </Group>
      </Radio.Group>
    </Group>
  );
}
