import { Button } from '@mantine/core';

interface DownloadProps {
  readonly text: string;
  readonly file: string;
  readonly label: string;
}

/** Offers a text as a file. */
export function Download({ text, file, label }: DownloadProps) {
  return (
    <Button
      variant="default"
      component="a"
      download={file}
      href={`data:text/plain;charset=utf-8,${encodeURIComponent(text)}`}
    >
      {label}
    </Button>
  );
}
