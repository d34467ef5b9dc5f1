import { Button, Kbd, Modal, Table } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { usePageKeys } from './page-keys';

/** A key, and what it does where. */
export type KeyText = readonly [key: string, what: string];

/** What every page has. */
const EVERYWHERE: readonly KeyText[] = [
  ['/', 'Search'],
  ['j', 'A list: the next row'],
  ['k', 'A list: the row before'],
  ['Enter', 'A list: open the row'],
  ['Ctrl + Enter', 'A text: send its form'],
  ['?', 'Show these keys'],
];

/** A button and a key that show what the keys do. */
export function Keys({ own }: { readonly own: readonly KeyText[] }) {
  const [isOpen, { open, close }] = useDisclosure();
  usePageKeys({
    '/': () => document.querySelector<HTMLInputElement>('main input[type=search]')?.focus(),
    '?': open,
  });
  return (
    <>
      <Button variant="subtle" size="compact-xs" visibleFrom="sm" onClick={open}>
        Keys
      </Button>
      <Modal opened={isOpen} onClose={close} title="Keys">
        <Table>
          <Table.Tbody>
            {[...EVERYWHERE, ...own].map(([key, what]) => (
              <Table.Tr key={`${key} ${what}`}>
                <Table.Th scope="row" w={130}>
                  <Kbd>{key}</Kbd>
                </Table.Th>
                <Table.Td>{what}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Modal>
    </>
  );
}
