import { ProgressLine } from './progress.ts';

/**
 * Says something in the last row of a terminal whose content is a remote program's. That row is blank afterwards: the
 * program has to be asked to draw it again.
 */
export class StatusRow extends ProgressLine {
  protected override draw(line: string): string {
    return this.wipe(`\x1b[7m${line}\x1b[m`);
  }

  /** The cursor is put back to where it was (DECSC, DECRC). */
  protected override wipe(text = ''): string {
    return `\x1b7\x1b[999;1H\x1b[K${text}\x1b8`;
  }
}
