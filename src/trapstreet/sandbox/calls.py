"""Which system calls a process may still make: all but those that no parser needs and a hijacked one likes.

Source: seccomp(2), linux/bpf_common.h, linux/audit.h, and the kernel's tables of numbers.
"""

import ctypes
import errno
import platform
import struct

from trapstreet.sandbox._kernel import call

_REFUSED = """
socket           41 198     io_uring_setup  425 425     ptrace           101 117     process_vm_readv 310 270
process_vm_writev 311 271   unshare         272  97     setns            308 268     mount            165  40
bpf             321 280     perf_event_open 298 241     userfaultfd      323 282     add_key          248 217
request_key     249 218     keyctl          250 219     truncate          76  45     chmod             90   -
fchmod           91  52     fchmodat        268  53     fchmodat2        452 452     chown             92   -
fchown           93  55     lchown           94   -     fchownat         260  54     utime            132   -
utimes          235   -     futimesat       261   -     utimensat        280  88     setxattr         188   5
lsetxattr       189   6     fsetxattr       190   7     removexattr      197  14     lremovexattr     198  15
fremovexattr    199  16     setxattrat      463 463     removexattrat    466 466     file_setattr     469 469
"""
_PROCESSORS = {"x86_64": (0xC000003E, 1), "aarch64": (0xC00000B7, 2)}  # AUDIT_ARCH_…, column of the table

_SET_SECCOMP, _FILTER = 22, 2
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06  # LD|W|ABS, JMP|JEQ|K, JMP|JGE|K, RET|K
_ALLOW, _EPERM, _KILL = 0x7FFF0000, 0x00050001, 0x80000000
_NUMBER, _ARCHITECTURE = 0, 4  # places in struct seccomp_data
_X32 = 0x40000000  # calls of an older manner are numbered from here on


def known() -> bool:
    """Whether calls can be refused on this kind of processor, by this kernel."""
    if platform.machine() not in _PROCESSORS or struct.calcsize("P") != 8:
        return False
    try:
        call("prctl", _SET_SECCOMP, _FILTER, 0, 0, 0)
    except OSError as error:
        return error.errno == errno.EFAULT  # a program at no address: whoever notices that would take one
    return True


def refuse() -> None:
    """Refuses sockets, changes of files' modes, owners, times and attributes, tracing, ways into the kernel.

    Of UDP, of sockets with a name in the file system, and of modes Landlock knows nothing up to version 7:
    with it alone a hijacked process could talk to Docker, and open the owner's keys to everybody.
    """
    architecture, column = _PROCESSORS[platform.machine()]
    words = _REFUSED.split()
    numbers = [int(number) for number in words[column::3] if number != "-"]
    refused = len(numbers) + 1  # steps from the first comparison to the answer EPERM
    program = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, refused, 0, _X32),
        *((_EQUAL, refused - 1 - n, 0, number) for n, number in enumerate(numbers)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _EPERM),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in program))
    described = struct.pack("@HP", len(program), ctypes.addressof(code))
    call("prctl", _SET_SECCOMP, _FILTER, described, 0, 0)
