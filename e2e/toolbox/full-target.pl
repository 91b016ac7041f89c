# What a target runs that has several things too many: a full volume, a deleted file, descriptors, connections, processes
# that have ended, CPU.
use strict;
use warnings;
use IO::Socket::INET;
$SIG{TERM} = sub { exit 0 };
$SIG{HUP} = 'IGNORE';

sub write_file {
    my ($path, $mebibytes) = @_;
    open(my $file, '>', $path) or die "$path: $!";
    print $file 'x' x 1048576 for 1 .. $mebibytes;
    $file->flush;
    return $file;
}
mkdir '/data/logs';
close(write_file('/data/logs/big.log', 30));
my $deleted = write_file('/data/old.log', 30);
unlink '/data/old.log';

# The clients close, and this program never does.
my $listener = IO::Socket::INET->new(Listen => 64, LocalAddr => '127.0.0.1', LocalPort => 8080, ReuseAddr => 1) or die $!;
my @held;
for (1 .. 25) {
    my $client = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => 8080) or die $!;
    push @held, $listener->accept;
    close $client;
}
for (1 .. 25) { open(my $file, '<', '/etc/hostname') or die $!; push @held, $file }
fork // die($!) or exit 0 for 1 .. 3;
$| = 1;
print "ready\n";
1 while 1;
