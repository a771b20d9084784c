// A short chime, synthesised so that no file has to be fetched.

const NOTES = [880, 1_174.7];
const SECONDS = 0.16;
const LOUDNESS = 0.12;

/** Play the chime, unless the browser keeps a page silent that nobody has clicked yet. */
export function chime(): void {
  const audio = new AudioContext();
  NOTES.forEach((frequency, index) => {
    const [tone, volume] = [audio.createOscillator(), audio.createGain()];
    const start = audio.currentTime + index * SECONDS;
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(LOUDNESS, start);
    volume.gain.exponentialRampToValueAtTime(0.001, start + SECONDS);
    tone.connect(volume).connect(audio.destination);
    tone.start(start);
    tone.stop(start + SECONDS);
  });
  window.setTimeout(() => void audio.close(), 1_000 * (NOTES.length * SECONDS + 0.5));
}
